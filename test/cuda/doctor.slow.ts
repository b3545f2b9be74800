import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { standInMachine } from './commands-on-stand-in.ts'
import { openStandIn } from './stand-in-card.ts'

const { obstacle, title } = await openStandIn()
const SVD = fileURLToPath(new URL('../../worker/cli/svd.ts', import.meta.url))

const svd = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  await execa(process.execPath, [SVD, ...args], {
    env: { ...(await standInMachine()), ...env },
    reject: false,
  })

describe.skipIf(obstacle !== null)(`a machine that is ready for CUDA${title}`, () => {
  test('passes svd doctor, which names GPU, driver and provider', async () => {
    const { exitCode, stdout } = await svd(['doctor', '--device', 'cuda'])
    expect(stdout).toMatch(
      /^ok {4}device {8}NVIDIA A10G, compute capability 8\.6; driver 580\.126\.09; .*; CUDA provider of ONNX Runtime 1\.30\.0/m,
    )
    expect(stdout).toMatch(/^ok {4}onnxruntime {3}1\.30\.0, providers: cpu, webgpu, cuda, /m)
    expect(exitCode).toBe(0)
  })

  test('passes svd doctor without an option, because auto chooses the GPU', async () => {
    const { exitCode, stdout } = await svd(['doctor'])
    expect(stdout).toMatch(/^ok {4}device {8}NVIDIA A10G, /m)
    expect(exitCode).toBe(0)
  })

  test('passes svd cuda check', async () => {
    const { exitCode, stdout } = await svd(['cuda', 'check'])
    expect(stdout).toContain('The CUDA provider and all its libraries are there')
    expect(exitCode).toBe(0)
  })

  test('fails svd doctor if the GPU runs nothing', async () => {
    const { exitCode, stdout } = await svd(['doctor', '--device', 'cuda'], {
      SVD_STAND_IN_FAIL: 'cudaSetDevice:1:46',
    })
    expect(stdout).toMatch(
      /^fail {2}device .*a graph of one node does not run on it: probe: the card is lost/m,
    )
    expect(exitCode).toBe(1)
  })
})
