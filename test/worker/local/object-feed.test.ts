import { expect, test } from 'vitest'
import { createUploadFeed } from '../../../worker/local/object-feed.ts'

const never = new AbortController().signal

test('gives keys in the order of writing, each once', async () => {
  const feed = createUploadFeed()
  for (const key of ['b', 'a', 'b']) feed.add(key)
  expect([await feed.next(never), await feed.next(never)]).toEqual(['b', 'a'])
  const third = feed.next(never)
  feed.add('c')
  expect(await third).toBe('c')
})

test('gives a key again that was written after it was taken', async () => {
  const feed = createUploadFeed()
  feed.add('a')
  await feed.next(never)
  feed.add('a')
  expect(await feed.next(never)).toBe('a')
})

test('ends a wait with the reason of its signal, and loses no key by it', async () => {
  const feed = createUploadFeed()
  const stop = new AbortController()
  const waiting = feed.next(stop.signal)
  stop.abort(new Error('the end'))
  await expect(waiting).rejects.toThrow('the end')
  feed.add('a')
  expect(await feed.next(never)).toBe('a')
})
