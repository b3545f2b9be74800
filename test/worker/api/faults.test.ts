import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type OpenedCheckpoint, openCheckpoint } from '../../../worker/api/checkpoint.ts'
import { openClient } from '../../../worker/api/client.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const DEMO = fileURLToPath(new URL('../../../worker/demo', import.meta.url))
const IMAGE = fileURLToPath(new URL('../../../worker/demo-samples/rocket.png', import.meta.url))

let checkpoint: OpenedCheckpoint

beforeAll(async () => {
  checkpoint = await openCheckpoint(DEMO, { device: 'cpu' })
})

afterAll(async () => await checkpoint[Symbol.asyncDispose]())

const rejection = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    ({ message }: Error) => message,
  )

test.each([
  ['a folder for output', { output: '.' }, "output: got '.'; must be a file name that ends in .mp4"],
  [
    'a wrong argument',
    { output: 'x.mp4', num_frames: 0 },
    'num_frames: got 0; must be a whole number from 1 to 4096',
  ],
])('render refuses %s, and names the option as the API spells it', async (_, options, message) => {
  expect(await rejection(checkpoint.render(IMAGE, options))).toContain(message)
})

test('render names an option of the API when a clip does not fit the memory', async () => {
  const huge = {
    output: path.join(await temporaryDir(), 'x.mp4'),
    width: 8192,
    height: 8192,
    num_frames: 100,
  }
  const message = await rejection(checkpoint.render(IMAGE, huge))
  expect(message).toMatch(/^width: got 8192|^(?:num_frames|memory|decode_chunk_size):/)
  expect(message).not.toContain('--')
})

test('compile refuses fp16 for the target cpu', async () => {
  const output = path.join(await temporaryDir(), 'onnx')
  expect(await rejection(checkpoint.compile({ output, target: 'cpu', precision: 'fp16' }))).toBe(
    'precision: got fp16; the graphs of target cpu are in fp32, so leave it out or take target cuda',
  )
})

test('openCheckpoint refuses an unknown device', async () => {
  expect(await rejection(openCheckpoint(DEMO, { device: 'gpu' }))).toMatch(/^device: got 'gpu'/)
})

test('openClient without buckets names both options and both environment variables', () => {
  vi.stubEnv('SVD_INPUT_BUCKET', '')
  vi.stubEnv('SVD_OUTPUT_BUCKET', '')
  expect(() => openClient()).toThrow(
    /^inputBucket: is not given; .*inputBucket or SVD_INPUT_BUCKET, outputBucket or SVD_OUTPUT_BUCKET/,
  )
  vi.unstubAllEnvs()
})
