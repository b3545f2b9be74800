import path from 'node:path'
import { expect, test } from 'vitest'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { storeOutputs } from '../../../worker/jobs/store-outputs.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { openMemoryObjectStore } from '../../fixtures/memory-object-store.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { aFinishedVideo, sha256Of } from './a-finished-video.ts'
import { QUALITY } from './quality/a-quality.ts'

const { job_id: jobId } = aJobMessage()
const FIRST = { jobId, attemptId: '0001-1111111111111111' }
const SECOND = { jobId, attemptId: '0002-2222222222222222' }
const keyOf = ({ attemptId }: typeof FIRST, name: string): string =>
  `jobs/${jobId}/attempts/${attemptId}/${name}`
const VIDEO_KEY = keyOf(FIRST, 'video.mp4')
const POSTER_KEY = keyOf(FIRST, 'video.poster.png')

test('storeOutputs returns the key, the size and the SHA-256 of each file', async () => {
  const store = openMemoryObjectStore({ now: Date.now })

  const outputs = await storeOutputs(store, FIRST, [await aFinishedVideo('first')], unaborted)

  expect(outputs).toEqual([
    {
      video: { key: VIDEO_KEY, size_bytes: 11, sha256: sha256Of('first video') },
      poster: { key: POSTER_KEY, size_bytes: 12, sha256: sha256Of('first poster') },
      files: [{ format: 'mp4', key: VIDEO_KEY, size_bytes: 11, sha256: sha256Of('first video') }],
      frames: 14,
      quality: QUALITY,
    },
  ])
  expect((await store.head(VIDEO_KEY, unaborted))?.contentType).toBe('video/mp4')
  expect((await store.head(POSTER_KEY, unaborted))?.contentType).toBe('image/png')
})

test('storeOutputs uploads each requested format beside the MP4 with its content type', async () => {
  const store = openMemoryObjectStore({ now: Date.now })

  const [output] = await storeOutputs(
    store,
    FIRST,
    [await aFinishedVideo('first', QUALITY, ['webm', 'png'])],
    unaborted,
  )

  const file = (ending: string, text: string) => ({
    key: keyOf(FIRST, `video.${ending}`),
    ...{ size_bytes: text.length, sha256: sha256Of(text) },
  })
  expect(output).toMatchObject({
    video: file('mp4', 'first video'),
    files: [
      { format: 'webm', ...file('webm', 'first webm') },
      { format: 'png', ...file('zip', 'first png') },
    ],
  })
  const types = store.writes.map(({ key, contentType }) => [path.posix.extname(key), contentType])
  expect(types).toEqual([
    ['.mp4', 'video/mp4'],
    ['.png', 'image/png'],
    ['.webm', 'video/webm'],
    ['.zip', 'application/zip'],
  ])
})

test('storeOutputs uploads a video and its poster at the same time', async () => {
  const memory = openMemoryObjectStore({ now: Date.now })
  const bothAsked = Promise.withResolvers<void>()
  let asked = 0
  const store: ObjectStore = {
    ...memory,
    async create(...request) {
      asked++
      if (asked === 2) bothAsked.resolve()
      await bothAsked.promise
      return await memory.create(...request)
    },
  }

  await storeOutputs(store, FIRST, [await aFinishedVideo('first')], unaborted)

  expect(memory.keys()).toEqual([VIDEO_KEY, POSTER_KEY])
})

test('storeOutputs sets no tag, because a tag would make the clip expire', async () => {
  const store = openMemoryObjectStore({ now: Date.now })

  await storeOutputs(store, FIRST, [await aFinishedVideo('first')], unaborted)

  expect(store.keys().map(store.tagsOf)).toEqual([{}, {}])
})

test('storeOutputs neither uses nor changes the files of another attempt', async () => {
  const store = openMemoryObjectStore({ now: Date.now })
  await storeOutputs(store, FIRST, [await aFinishedVideo('first')], unaborted)

  const [output] = await storeOutputs(store, SECOND, [await aFinishedVideo('second, longer')], unaborted)

  expect([output?.video, output?.poster]).toEqual([
    { key: keyOf(SECOND, 'video.mp4'), size_bytes: 20, sha256: sha256Of('second, longer video') },
    { key: keyOf(SECOND, 'video.poster.png'), size_bytes: 21, sha256: sha256Of('second, longer poster') },
  ])
  expect(store.writes.map(({ key }) => key)).toEqual([
    ...[VIDEO_KEY, POSTER_KEY],
    ...[keyOf(SECOND, 'video.mp4'), keyOf(SECOND, 'video.poster.png')],
  ])
})

test('storeOutputs leaves a file that an older worker wrote outside the folders of attempts', async () => {
  const store = openMemoryObjectStore({ now: Date.now })
  const earlier = `jobs/${jobId}/video.mp4`
  await store.put(earlier, new Uint8Array(3), { contentType: 'video/mp4' }, unaborted)

  const [output] = await storeOutputs(store, FIRST, [await aFinishedVideo('first')], unaborted)

  expect(output?.video.key).toBe(VIDEO_KEY)
  expect((await store.head(earlier, unaborted))?.sizeBytes).toBe(3)
})

test('storeOutputs numbers the videos of a job that has several', async () => {
  const store = openMemoryObjectStore({ now: Date.now })

  const outputs = await storeOutputs(
    store,
    FIRST,
    [await aFinishedVideo('a'), await aFinishedVideo('b')],
    unaborted,
  )

  expect(outputs.map(({ video }) => video.key)).toEqual([
    keyOf(FIRST, 'video-0.mp4'),
    keyOf(FIRST, 'video-1.mp4'),
  ])
})

test('storeOutputs accepts a file that an earlier try of the same request wrote', async () => {
  const memory = openMemoryObjectStore({ now: Date.now })
  const triedTwice: ObjectStore = {
    ...memory,
    async create(...request) {
      await memory.create(...request)
      return memory.create(...request)
    },
  }

  const [output] = await storeOutputs(triedTwice, FIRST, [await aFinishedVideo('first')], unaborted)

  expect(output?.video.sha256).toBe(sha256Of('first video'))
})

test('storeOutputs rejects an object under its key that this attempt did not upload', async () => {
  const store = openMemoryObjectStore({ now: Date.now })
  const metadata = { sha256: sha256Of('other bytes') }
  await store.put(VIDEO_KEY, new Uint8Array(11), { contentType: 'video/mp4', metadata }, unaborted)

  const storing = storeOutputs(store, FIRST, [await aFinishedVideo('first')], unaborted)

  await expect(storing).rejects.toThrow(
    `${VIDEO_KEY}: is another file than the one that this attempt uploaded`,
  )
})
