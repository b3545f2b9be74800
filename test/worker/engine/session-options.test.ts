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

  test('keep the ops that the compiler chose', () => {
    expect(options).toMatchObject({ executionProviders: ['cpu'], graphOptimizationLevel: 'disabled' })
  })

  test('fold constants if the graph still computes some', () => {
    const folding = runningOptions({
      provider: 'cpu',
      threads: 3,
      externalDataDir: '/weights',
      foldsConstants: true,
    })
    expect(folding).toEqual({ ...options, graphOptimizationLevel: 'basic' })
  })

  test('use the memory arena for activations, without memory patterns', () => {
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

  test('log errors alone', () => {
    expect(options.logSeverityLevel).toBe(3)
  })
})

test('a session on CUDA refuses nodes that would run on the CPU', () => {
  const cuda = runningOptions({ provider: 'cuda', threads: 3, externalDataDir: null, foldsConstants: false })
  expect(cuda).toMatchObject({
    executionProviders: [{ name: 'cuda', deviceId: 0 }],
    intraOpNumThreads: 1,
    enableMemPattern: false,
    extra: { session: { disable_cpu_ep_fallback: '1', use_device_allocator_for_initializers: '1' } },
  })
})

test('a session that prepares weights runs op by op and keeps no memory', () => {
  expect(preparingOptions({ externalDataDir: '/weights', casts: false })).toEqual({
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'disabled',
    enableCpuMemArena: false,
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session: { model_external_initializers_file_folder_path: '/weights' } },
  })
})

test('a session that prepares cast weights folds them like a session without a cache', () => {
  const options = preparingOptions({ externalDataDir: null, casts: true })
  expect(options).toMatchObject({ graphOptimizationLevel: 'basic', extra: { session: {} } })
})

test('a session reuses memory for activations of different sizes', async () => {
  const program = fileURLToPath(new URL('./fixtures/peak-memory.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [program])
  // Largest: 32 MiB, alive once before and once after its activation. With stated sizes: 669 MiB.
  expect(Number(stdout)).toBeGreaterThanOrEqual(2 * 32)
  expect(Number(stdout)).toBeLessThan(6 * 32)
})
