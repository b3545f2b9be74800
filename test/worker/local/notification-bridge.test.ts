import { expect, test } from 'vitest'
import { parseS3Event } from '../../../shared/contracts/s3-event.ts'
import { runNotificationBridge } from '../../../worker/local/notification-bridge.ts'
import { createObjectFeed } from '../../../worker/local/object-feed.ts'
import { openMemoryObjectStore } from '../../fixtures/memory-object-store.ts'

const RETRY_MS = 5_000

/** A bucket and a bridge on it, which ends when ingest was called `calls` times. */
const aBridge = async (options: {
  readonly calls: number
  readonly uploads: readonly string[]
  /** An upload that is deleted before the bridge starts. */
  readonly deleted?: string
  /** Called in place of ingest; `upload` writes another object. */
  readonly ingest?: (key: string, upload: (key: string) => Promise<unknown>) => Promise<unknown>
}) => {
  let nowMs = 0
  const now = (): number => nowMs
  const store = openMemoryObjectStore({ bucket: 'in', now })
  const kept = new Set<string>()
  const feed = createObjectFeed({
    left: [],
    note: (key) => void kept.add(key),
    settle: (key) => void kept.delete(key),
  })
  const stop = new AbortController()
  const upload = async (key: string): Promise<void> => {
    await store.put(key, new TextEncoder().encode(key), { contentType: 'text/plain' }, stop.signal)
    feed.add(key, feed.note(key))
  }
  for (const key of options.uploads) await upload(key)
  if (options.deleted !== undefined) await store.delete(options.deleted, stop.signal)
  const ingested: string[] = []
  const sleepsMs: number[] = []
  await runNotificationBridge(
    store,
    feed,
    {
      async ingest(event) {
        for (const { key } of parseS3Event(event)) {
          ingested.push(key)
          if (ingested.length === options.calls) stop.abort()
          await options.ingest?.(key, upload)
        }
      },
      clock: {
        now: () => new Date(nowMs),
        elapsedMs: now,
        async sleep(ms) {
          sleepsMs.push(ms)
          nowMs += ms
        },
      },
    },
    stop.signal,
  )
  return { ingested, sleepsMs, left: [...kept] }
}

test('the bridge calls ingest for each uploaded object in the order of the uploads', async () => {
  const uploads = ['manifests/m.json', 'images/a b+ü.png', 'notes.txt']
  expect(await aBridge({ calls: 3, uploads })).toEqual({
    ...{ ingested: uploads, sleepsMs: [], left: [] },
  })
})

test('the bridge calls ingest again for an object that is written again meanwhile, even with the same bytes', async () => {
  const { ingested } = await aBridge({
    calls: 2,
    uploads: ['images/a.png'],
    ingest: (key, upload) => upload(key),
  })
  expect(ingested).toEqual(['images/a.png', 'images/a.png'])
})

test('the bridge retries a failed upload after a pause and handles other uploads meanwhile', async () => {
  let failures = 0
  const bridge = await aBridge({
    calls: 3,
    uploads: ['images/a.png', 'images/b.png'],
    async ingest(key) {
      if (key === 'images/a.png' && failures++ === 0) throw new Error('503')
    },
  })
  expect(bridge).toEqual({
    ingested: ['images/a.png', 'images/b.png', 'images/a.png'],
    sleepsMs: [RETRY_MS],
    left: [],
  })
})

test('the bridge skips an object that was deleted before its turn', async () => {
  const uploads = ['images/gone.png', 'images/b.png']
  const bridge = await aBridge({ calls: 1, uploads, deleted: 'images/gone.png' })
  expect(bridge).toEqual({ ingested: ['images/b.png'], sleepsMs: [], left: [] })
})

test('the bridge leaves unfinished uploads to the next start', async () => {
  const { left } = await aBridge({
    calls: 2,
    uploads: ['images/a.png', 'images/b.png', 'images/c.png'],
    async ingest(key) {
      if (key === 'images/b.png') throw new Error('aborted')
    },
  })
  expect(left).toEqual(['images/b.png', 'images/c.png'])
})
