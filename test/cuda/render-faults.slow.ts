import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryDir } from '../fixtures/temporary-dir.ts'
import { renderOnStandIn } from './render-on-stand-in.ts'
import { openStandIn } from './stand-in-card.ts'

const { obstacle, title } = await openStandIn()
const MIB = 2 ** 20

/** A failure of the first process that makes the call, and of no other. */
const failOnce = async (call: string) => {
  const file = path.join(await temporaryDir(), 'fail')
  await writeFile(file, call)
  return { file, env: { SVD_STAND_IN_FAIL: `@${file}` } }
}

describe.skipIf(obstacle !== null)(`svd render on a failing GPU${title}`, () => {
  test('fails the clip whose context is lost, and renders the next clip in a new process', async () => {
    const { file, env } = await failOnce('launch:100:700')
    const { exitCode, stderr, report } = await renderOnStandIn([], { env, images: 2 })
    expect(existsSync(file)).toBe(false)
    expect(exitCode).toBe(1)
    expect(stderr).toContain('CUDA error cudaErrorIllegalAddress:an illegal memory access was encountered')
    expect(report.results).toMatchObject([
      {
        status: 'failed',
        error: { message: expect.stringContaining("the card stopped this process's work") },
      },
      { status: 'succeeded' },
    ])
  })

  test('renders with a smaller plan if memory was full once', async () => {
    const { file, env } = await failOnce('cublasCreate_v2:2:1')
    const { exitCode, report } = await renderOnStandIn(['--memory', 'resident'], { env })
    expect(existsSync(file)).toBe(false)
    expect({ exitCode, memory: report.memory_mode }).toEqual({ exitCode: 0, memory: 'offload' })
  })

  test('reports a fix if no plan fits', async () => {
    const env = { SVD_STAND_IN_MEMORY_BYTES: String(4 * MIB) }
    const { exitCode, stderr } = await renderOnStandIn(['--memory', 'resident'], { env })
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/the card has not enough free memory \(.*\); render smaller/)
  })

  test('renders without the attention that cuDNN refuses, and reports it', async () => {
    const env = { SVD_STAND_IN_FAIL: 'cudnn_graph:0:3000' }
    const { exitCode, stderr, report } = await renderOnStandIn([], { card: 'h100', env })
    expect({ exitCode, status: report.status }).toEqual({ exitCode: 0, status: 'succeeded' })
    expect(stderr).toMatch(
      /: cuDNN refuses its attention \(Failed to build cuDNN graph for Flash Attention\)/,
    )
  })

  test.each([
    [
      'cudaSetDevice:1:46',
      'the card is lost (CUDA failure 46: CUDA-capable device(s) is/are busy or unavailable)',
    ],
    [
      'cudaStreamSynchronize:1:214',
      'the card is lost (CUDA failure 214: uncorrectable ECC error encountered)',
    ],
    [
      'cudaSetDevice:1:35',
      "the card or its driver does not fit ONNX Runtime's CUDA provider (CUDA failure 35: CUDA driver version is",
    ],
  ])('exits with one clear error if the GPU cannot be used: %s', async (call, message) => {
    const { exitCode, stderr } = await renderOnStandIn([], { env: { SVD_STAND_IN_FAIL: call } })
    expect(exitCode).toBe(1)
    expect(stderr).toContain(message)
  })
})
