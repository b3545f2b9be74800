import { expect, test } from 'vitest'
import { cancelKey } from '../../../shared/contracts/bucket-layout.ts'
import { watchForCancel } from '../../../worker/jobs/cancel-watch.ts'
import { JobCancelledError } from '../../../worker/jobs/job-cancelled-error.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { closingDeps } from './closing-deps.ts'

const aWatch = (fail: () => boolean = () => false) => {
  let looks = 0
  const { store, deps, time } = closingDeps({
    before() {
      looks++
      if (fail()) throw new Error('503')
    },
  })
  const cancelled: JobCancelledError[] = []
  const watch = watchForCancel({
    store,
    clock: deps.clock,
    jobId: 'job',
    intervalMs: 2_000,
    onCancelled: (error) => cancelled.push(error),
  })
  const later = (ms: number): Promise<void> => {
    const atMs = time.nowMs() + ms
    time.after(ms, () => {})
    return time.runUntil(() => time.nowMs() >= atMs, atMs)
  }
  const cancel = () => store.put(cancelKey('job'), new Uint8Array(), { contentType: '' }, unaborted)
  return { watch, cancelled, cancel, later, looks: () => looks }
}

test('the watch checks every interval and reports nothing for a job that is not cancelled', async () => {
  const { watch, cancelled, later, looks } = aWatch()
  const ended = new AbortController()

  expect(await watch.findCancelled(unaborted)).toBeNull()
  const watching = watch.watchUntil(ended.signal)
  await later(6_500)
  ended.abort('done')
  await watching

  expect(cancelled).toEqual([])
  expect(looks()).toBe(4)
})

test('findCancelled returns the error of a cancelled job', async () => {
  const { watch, cancel } = aWatch()
  await cancel()

  expect(await watch.findCancelled(unaborted)).toBeInstanceOf(JobCancelledError)
})

test('the watch reports a cancelled job once, within its interval, and ends', async () => {
  const { watch, cancelled, cancel, later } = aWatch()
  const watching = watch.watchUntil(unaborted)
  await later(3_000)
  await cancel()
  await later(1_001)

  expect(cancelled).toEqual([expect.any(JobCancelledError)])
  await watching
})

test('the watch reports a cancelled job although an earlier check failed', async () => {
  let away = true
  const { watch, cancelled, cancel, later } = aWatch(() => away)
  const watching = watch.watchUntil(unaborted)
  await later(2_001)
  away = false
  await cancel()
  expect(cancelled).toEqual([])
  await later(2_001)

  expect(cancelled).toEqual([expect.any(JobCancelledError)])
  await watching
})
