import { describe, expect, test } from 'vitest'
import { renderOnStandIn } from './render-on-stand-in.ts'
import { openStandIn } from './stand-in-card.ts'

const { obstacle, title } = await openStandIn()

describe.skipIf(obstacle !== null)(`svd render on CUDA${title}`, () => {
  test.each([
    ['fp16', []],
    ['fp32', []],
    ['fp16', ['--memory', 'low-vram', '--decode-chunk-size', '2']],
    ['fp16', ['--decode-chunk-size', '2', '--decode-overlap', '1']],
    ['fp16', ['--max-guidance-scale', '1']],
  ])('renders through every phase in %s with the options %j', async (precision, options) => {
    const { exitCode, stderr, report } = await renderOnStandIn(['--precision', precision, ...options])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(report).toMatchObject({
      status: 'succeeded',
      steps: 2,
      videos: [{ frames: 3 }],
      device: { execution_provider: 'cuda', name: 'NVIDIA A10G', precision, compute_capability: '8.6' },
    })
  })

  test('uses only variables that a renderer gets', async () => {
    const { exitCode, variables } = await renderOnStandIn([])
    expect(exitCode).toBe(0)
    expect(process.env).toHaveProperty('VITEST')
    expect(variables).toContain('CUDA_VISIBLE_DEVICES')
    for (const name of variables) {
      expect(name).toMatch(/^(?:HOME|TMPDIR|LANG|LD_LIBRARY_PATH|GLIBC_TUNABLES|(?:CUDA|NVIDIA|ORT|OMP)_.*)$/)
    }
  })
})
