import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { preparingOptions, runningOptions } from '../../../worker/engine/session-options.ts'

describe('options of a session that runs a network', () => {
  const options = runningOptions({
    provider: 'cpu',
    threads: 3,
    externalDataDir: '/weights',
    foldsConstants: false,
  })

  test('leave the ops as the compiler chose them', () => {
    expect(options).toMatchObject({ executionProviders: ['cpu'], graphOptimizationLevel: 'disabled' })
  })

  test('fold constants where the graph still computes some', () => {
    const folding = runningOptions({
      provider: 'cpu',
      threads: 3,
      externalDataDir: '/weights',
      foldsConstants: true,
    })
    expect(folding).toEqual({ ...options, graphOptimizationLevel: 'basic' })
  })

  test('keep the pages of activations, and plan no memory by sizes', () => {
    expect(options).toMatchObject({ intraOpNumThreads: 3, enableCpuMemArena: true, enableMemPattern: false })
  })

  test('keep weights outside the arena, and name their folder if there is one', () => {
    expect(options.extra).toEqual({
      session: {
        use_device_allocator_for_initializers: '1',
        model_external_initializers_file_folder_path: '/weights',
      },
    })
    const inline = runningOptions({
      provider: 'cpu',
      threads: 3,
      externalDataDir: null,
      foldsConstants: false,
    })
    expect(inline.extra).toEqual({ session: { use_device_allocator_for_initializers: '1' } })
  })

  test('say nothing of what is no error', () => {
    expect(options.logSeverityLevel).toBe(3)
  })
})

test('on CUDA a session refuses nodes that would run on the processor', () => {
  const cuda = runningOptions({ provider: 'cuda', threads: 3, externalDataDir: null, foldsConstants: false })
  expect(cuda).toMatchObject({
    executionProviders: [{ name: 'cuda', deviceId: 0 }],
    intraOpNumThreads: 1,
    enableMemPattern: false,
    extra: { session: { disable_cpu_ep_fallback: '1', use_device_allocator_for_initializers: '1' } },
  })
})

test('weights are prepared op by op, with nothing kept that was used', () => {
  expect(preparingOptions({ externalDataDir: '/weights', casts: false })).toEqual({
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'disabled',
    enableCpuMemArena: false,
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session: { model_external_initializers_file_folder_path: '/weights' } },
  })
})

test('weights that are cast are folded, as a session without a cache folds them', () => {
  const options = preparingOptions({ externalDataDir: null, casts: true })
  expect(options).toMatchObject({ graphOptimizationLevel: 'basic', extra: { session: {} } })
})

test('a session holds few activations at once, whatever their sizes', async () => {
  const program = fileURLToPath(new URL('./fixtures/peak-memory.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [program])
  // Largest: 32 MiB, alive once before and once after its activation. With stated sizes: 669 MiB.
  expect(Number(stdout)).toBeGreaterThanOrEqual(2 * 32)
  expect(Number(stdout)).toBeLessThan(6 * 32)
})
