import { expect, test } from 'vitest'
import { parseS3Event } from '../../../shared/contracts/s3-event.ts'
import { runNotificationBridge } from '../../../worker/local/notification-bridge.ts'
import { openMemoryObjectStore } from '../../fixtures/memory-object-store.ts'

/** A bucket, a bridge on it, and as many looks into it as `looks` says. */
const aBridge = async (options: {
  readonly looks: number
  readonly beforeLook?: (
    look: number,
    put: (key: string, text: string) => Promise<unknown>,
  ) => Promise<unknown>
  readonly ingest?: (key: string) => void
}): Promise<readonly string[]> => {
  let nowMs = 0
  let look = 1
  const now = (): number => nowMs
  const store = openMemoryObjectStore({ bucket: 'in', now })
  const stop = new AbortController()
  const put = (key: string, text: string) =>
    store.put(key, new TextEncoder().encode(text), { contentType: 'text/plain' }, stop.signal)
  const told: string[] = []
  await options.beforeLook?.(look, put)
  await runNotificationBridge(
    store,
    {
      async ingest(event) {
        for (const { key } of parseS3Event(event)) {
          told.push(key)
          options.ingest?.(key)
        }
      },
      clock: {
        now: () => new Date(nowMs),
        elapsedMs: now,
        async sleep(ms) {
          nowMs += ms
          look += 1
          if (look > options.looks) stop.abort()
          else await options.beforeLook?.(look, put)
        },
      },
    },
    stop.signal,
  )
  return told
}

test('tells of every picture and manifest once', async () => {
  const told = await aBridge({
    looks: 3,
    async beforeLook(look, put) {
      if (look === 1) await put('images/a b+ü.png', 'x')
      if (look === 2) await put('manifests/m.json', '{}')
    },
  })
  expect(told).toEqual(['images/a b+ü.png', 'manifests/m.json'])
})

test('tells of a picture again when another was put in its place', async () => {
  const told = await aBridge({
    looks: 3,
    beforeLook: (look, put) => put('images/a.png', look < 3 ? 'one' : 'another'),
  })
  expect(told).toEqual(['images/a.png', 'images/a.png'])
})

test('says nothing of what lies elsewhere', async () => {
  expect(await aBridge({ looks: 2, beforeLook: (_, put) => put('notes.txt', 'x') })).toEqual([])
})

test('comes back to what ingest could not take, and goes on with the rest meanwhile', async () => {
  let failures = 0
  const told = await aBridge({
    looks: 40,
    async beforeLook(look, put) {
      if (look !== 1) return
      await put('images/a.png', 'x')
      await put('images/b.png', 'x')
    },
    ingest(key) {
      if (key === 'images/a.png' && failures++ === 0) throw new Error('503')
    },
  })
  expect(told).toEqual(['images/a.png', 'images/b.png', 'images/a.png'])
})
