import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { openStandIn, standInProcess } from './stand-in-card.ts'

const { obstacle, title } = await openStandIn()
const PROBE = fileURLToPath(new URL('../../worker/engine/probe-runtime.ts', import.meta.url))

/** The check of `svd doctor` and of a worker's start, on the stand-in for a GPU. */
const probe = async (env: Readonly<Record<string, string>> = {}) => {
  const standIn = await standInProcess('a10g')
  return await execa(process.execPath, [...standIn.execArgv, PROBE, 'cuda'], {
    env: { ...standIn.env, ...env },
    reject: false,
  })
}

describe.skipIf(obstacle !== null)(`the graph that a worker runs on its GPU at its start${title}`, () => {
  test('runs on CUDA, and fails on the stand-in because its result is checked', async () => {
    const { exitCode, stderr } = await probe()
    expect(exitCode).toBe(1)
    expect(stderr).toContain('1 + 10 and 2 + 20 gave 0,0, not 11 and 22')
  })

  test.each([
    ['cudaSetDevice:1:802', 'probe: the card is lost (CUDA failure 802: system not yet initialized)'],
    ['launch:1:209', "probe: the card or its driver does not fit ONNX Runtime's CUDA provider (CUDA error"],
  ])('fails with the cause on one line: %s', async (call, message) => {
    const { exitCode, stderr } = await probe({ SVD_STAND_IN_FAIL: call })
    expect(exitCode).toBe(1)
    expect(stderr.split('\n').find((line) => /^\w*Error: /.test(line))).toContain(message)
  })
})
