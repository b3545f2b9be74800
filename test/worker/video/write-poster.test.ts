import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writePoster } from '../../../worker/video/write-poster.ts'
import { noiseFrames } from './frames.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'write-poster-'))
})
afterEach(() => rm(folder, { recursive: true }))

const [frame = new Uint8Array()] = noiseFrames(1, 40, 24)

test('writePoster keeps every pixel unchanged', async () => {
  const output = path.join(folder, 'poster.png')
  await writePoster({ frame, width: 40, height: 24, output })
  const { data, info } = await sharp(output).raw().toBuffer({ resolveWithObject: true })
  expect(info).toMatchObject({ width: 40, height: 24, channels: 3 })
  expect(new Uint8Array(data)).toEqual(frame)
})

test('writePoster writes the same bytes for the same frame', async () => {
  const outputs = ['a.png', 'b.png'].map((name) => path.join(folder, name))
  for (const output of outputs) await writePoster({ frame, width: 40, height: 24, output })
  const [first, second] = await Promise.all(outputs.map((file) => readFile(file)))
  expect(second).toEqual(first)
})

test('writePoster refuses a frame of another size and leaves no file', async () => {
  const request = { frame, width: 40, height: 32, output: path.join(folder, 'poster.png') }
  await expect(writePoster(request)).rejects.toThrow('frame 0 has 2880 bytes; 40x32 RGB24 takes 3840')
  expect(await readdir(folder)).toEqual([])
})
