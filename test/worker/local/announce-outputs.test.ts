import { expect, test } from 'vitest'
import { parseS3Event } from '../../../shared/contracts/s3-event.ts'
import { announceOutputs } from '../../../worker/local/announce-outputs.ts'
import { createObjectFeed } from '../../../worker/local/object-feed.ts'
import { openMemoryObjectStore } from '../../fixtures/memory-object-store.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

const KEYS = ['reports/images/a b.png.json', 'jobs/x/result.json']

const aRun = (handle: (key: string, attempt: number) => void) => {
  const store = openMemoryObjectStore({ bucket: 'out', now: () => 0 })
  const kept = new Set<string>()
  const feed = createObjectFeed({
    left: [],
    note: (key) => void kept.add(key),
    settle: (key) => void kept.delete(key),
  })
  const written = new AbortController()
  const handled: string[] = []
  const sleeps: (() => void)[] = []
  const put = async (key: string): Promise<void> => {
    await store.put(key, new Uint8Array(), { contentType: '' }, unaborted)
    feed.add(key, feed.note(key))
  }
  const running = announceOutputs(
    store,
    feed,
    {
      async handle(event) {
        for (const { bucket, key } of parseS3Event(event)) {
          handled.push(`${bucket} ${key}`)
          handle(key, handled.filter((one) => one === `${bucket} ${key}`).length)
        }
      },
      clock: {
        now: () => new Date(0),
        elapsedMs: () => 0,
        sleep: (_, signal) => {
          const { promise, resolve, reject } = Promise.withResolvers<void>()
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
          sleeps.push(resolve)
          return promise
        },
      },
      written: written.signal,
    },
    unaborted,
  )
  return { store, put, running, written, handled, sleeps, left: () => [...kept] }
}

test('announceOutputs calls notify for each object with the event that S3 would send', async () => {
  const { put, running, written, handled } = aRun(() => {})
  for (const key of KEYS) await put(key)
  await expect.poll(() => handled).toEqual(KEYS.map((key) => `out ${key}`))
  written.abort()
  await running
})

test('announceOutputs handles all remaining objects after the last write', async () => {
  const { put, running, written, handled, left } = aRun(() => {})
  for (const key of KEYS) await put(key)
  written.abort()
  await running
  expect(left()).toEqual([])
  expect(handled.toSorted()).toEqual(KEYS.map((key) => `out ${key}`).toSorted())
})

test('announceOutputs retries a failed object after a pause and once more at the end', async () => {
  const { put, running, written, handled, sleeps } = aRun((_, attempt) => {
    if (attempt < 3) throw new Error('a full disk')
  })
  await put('jobs/x/result.json')
  await expect.poll(() => sleeps.length).toBe(1)
  sleeps[0]?.()
  await expect.poll(() => sleeps.length).toBe(2)
  written.abort()
  await running
  expect(handled).toEqual(Array.from({ length: 3 }, () => 'out jobs/x/result.json'))
})

test('announceOutputs skips an object that was deleted meanwhile', async () => {
  const { store, put, running, written, handled, left } = aRun(() => {})
  await put('jobs/x/result.json')
  await store.delete('jobs/x/result.json', unaborted)
  written.abort()
  await running
  expect([handled, left()]).toEqual([[], []])
})

test('announceOutputs leaves an object that also fails at the end to the next start', async () => {
  const { put, running, written, left } = aRun((key) => {
    if (key === KEYS[0]) throw new Error('a full disk')
  })
  for (const key of KEYS) await put(key)
  written.abort()
  await running
  expect(left()).toEqual([KEYS[0]])
})
