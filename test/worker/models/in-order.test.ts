import { describe, expect, test } from 'vitest'
import { inOrder } from '../../../worker/models/in-order.ts'

const TASKS = [0, 1, 2, 3, 4, 5, 6, 7]

/** Tasks that end when `end` or `fail` is called for them. */
const aWorkshop = () => {
  const ends = TASKS.map(() => Promise.withResolvers<void>())
  const state = { started: [] as number[], aborted: [] as number[] }
  const run = async (task: number, signal: AbortSignal): Promise<string> => {
    state.started.push(task)
    const stopped = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => {
        state.aborted.push(task)
        reject(new Error(`${task} stopped`))
      })
    })
    await Promise.race([ends[task]!.promise, stopped])
    return `result ${task}`
  }
  return {
    ...state,
    run,
    end: (task: number) => ends[task]!.resolve(),
    fail: (task: number) => ends[task]!.reject(new Error(`${task} failed`)),
  }
}

describe('inOrder', () => {
  test('yields results in order, however tasks end, and runs at most the given number at once', async () => {
    const { started, run, end } = aWorkshop()
    const signal = new AbortController().signal
    const results: string[] = []
    const most: number[] = []
    end(2)
    end(1)
    end(0)
    for await (const { task, result } of inOrder(TASKS, run, { parallel: 3, signal })) {
      results.push(result)
      most.push(started.length - results.length + 1)
      if (task >= 2) for (const later of TASKS) end(later)
      if (task === 1) end(3)
    }
    expect(results).toEqual(TASKS.map((task) => `result ${task}`))
    expect(Math.max(...most)).toBe(3)
  })

  test('ends with the first failure after it has aborted the other tasks', async () => {
    const { aborted, run, end, fail } = aWorkshop()
    const taking = Array.fromAsync(inOrder(TASKS, run, { parallel: 3, signal: new AbortController().signal }))
    fail(1)
    end(0)
    await expect(taking).rejects.toThrow('1 failed')
    expect(aborted).toContain(2)
  })

  test('aborts its tasks if the caller stops reading results', async () => {
    const { started, aborted, run, end } = aWorkshop()
    end(0)
    for await (const _ of inOrder(TASKS, run, { parallel: 2, signal: new AbortController().signal })) break
    expect(started).toEqual([0, 1])
    expect(aborted).toEqual([0, 1])
  })

  test('aborts its tasks after an abort', async () => {
    const { aborted, run } = aWorkshop()
    const controller = new AbortController()
    const taking = Array.fromAsync(inOrder(TASKS, run, { parallel: 2, signal: controller.signal }))
    controller.abort(new Error('enough'))
    await expect(taking).rejects.toThrow('0 stopped')
    expect(aborted).toEqual([0, 1])
  })
})
