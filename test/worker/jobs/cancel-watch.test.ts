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

test('a job that nobody cancelled goes on', async () => {
  const { watch, cancelled, later } = aWatch()

  await watch.throwIfCancelled(unaborted)
  await later(2_000)
  watch.glance()
  await later(1)

  expect(cancelled).toEqual([])
})

test('a cancelled job ends where it is asked for', async () => {
  const { watch, cancel } = aWatch()
  await cancel()

  await expect(watch.throwIfCancelled(unaborted)).rejects.toBeInstanceOf(JobCancelledError)
})

test('a glance tells when it has seen the marker', async () => {
  const { watch, cancelled, cancel, later } = aWatch()
  await cancel()

  watch.glance()
  await later(1)

  expect(cancelled).toEqual([expect.any(JobCancelledError)])
})

test('glances in quick succession look once', async () => {
  const { watch, later, looks } = aWatch()

  for (let step = 0; step < 20; step++) {
    watch.glance()
    await later(200)
  }

  expect(looks()).toBe(2)
})

test('a glance that sees nothing because the store is away does no harm', async () => {
  let away = true
  const { watch, cancelled, later, looks } = aWatch(() => away)

  watch.glance()
  await later(2_000)
  away = false
  watch.glance()
  await later(1)

  expect(looks()).toBe(2)
  expect(cancelled).toEqual([])
})
