import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { storeOutputs } from '../../../worker/jobs/store-outputs.ts'
import { openMemoryObjectStore } from '../../fixtures/memory-object-store.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { aJob } from './a-job.ts'
import { QUALITY } from './a-quality.ts'

const { job_id: jobId } = aJob()
const FIRST = { jobId, attemptId: '0001-1111111111111111' }
const SECOND = { jobId, attemptId: '0002-2222222222222222' }
const keyOf = ({ attemptId }: typeof FIRST, name: string): string =>
  `jobs/${jobId}/attempts/${attemptId}/${name}`
const VIDEO_KEY = keyOf(FIRST, 'video.mp4')
const POSTER_KEY = keyOf(FIRST, 'video.poster.png')

const hashOf = (content: string): string => createHash('sha256').update(content).digest('hex')

const aVideo = async (content: string) => {
  const dir = await temporaryDir()
  const file = async (name: string, text: string) => {
    await writeFile(path.join(dir, name), text)
    return { path: path.join(dir, name), sizeBytes: text.length, sha256: hashOf(text) }
  }
  return {
    video: await file('video.mp4', `${content} video`),
    poster: await file('video.poster.png', `${content} poster`),
    frames: 14,
    quality: QUALITY,
  }
}

test('returns what is stored where, with its hash', async () => {
  const store = openMemoryObjectStore({ now: Date.now })

  const outputs = await storeOutputs(store, FIRST, [await aVideo('first')], unaborted)

  expect(outputs).toEqual([
    {
      video: { key: VIDEO_KEY, size_bytes: 11, sha256: hashOf('first video') },
      poster: { key: POSTER_KEY, size_bytes: 12, sha256: hashOf('first poster') },
      frames: 14,
      quality: QUALITY,
    },
  ])
  expect((await store.head(VIDEO_KEY, unaborted))?.contentType).toBe('video/mp4')
  expect((await store.head(POSTER_KEY, unaborted))?.contentType).toBe('image/png')
})

test('neither uses nor changes the files of another attempt', async () => {
  const store = openMemoryObjectStore({ now: Date.now })
  await storeOutputs(store, FIRST, [await aVideo('first')], unaborted)

  const [output] = await storeOutputs(store, SECOND, [await aVideo('second, longer')], unaborted)

  expect([output?.video, output?.poster]).toEqual([
    { key: keyOf(SECOND, 'video.mp4'), size_bytes: 20, sha256: hashOf('second, longer video') },
    { key: keyOf(SECOND, 'video.poster.png'), size_bytes: 21, sha256: hashOf('second, longer poster') },
  ])
  expect(store.writes.map(({ key }) => key)).toEqual([
    ...[VIDEO_KEY, POSTER_KEY],
    ...[keyOf(SECOND, 'video.mp4'), keyOf(SECOND, 'video.poster.png')],
  ])
})

test('leaves the files of a worker from before attempts had folders', async () => {
  const store = openMemoryObjectStore({ now: Date.now })
  const earlier = `jobs/${jobId}/video.mp4`
  await store.put(earlier, new Uint8Array(3), { contentType: 'video/mp4' }, unaborted)

  const [output] = await storeOutputs(store, FIRST, [await aVideo('first')], unaborted)

  expect(output?.video.key).toBe(VIDEO_KEY)
  expect((await store.head(earlier, unaborted))?.sizeBytes).toBe(3)
})

test('numbers the videos of a job that has several', async () => {
  const store = openMemoryObjectStore({ now: Date.now })

  const outputs = await storeOutputs(store, FIRST, [await aVideo('a'), await aVideo('b')], unaborted)

  expect(outputs.map(({ video }) => video.key)).toEqual([
    keyOf(FIRST, 'video-0.mp4'),
    keyOf(FIRST, 'video-1.mp4'),
  ])
})

test('accepts a file that the first try of the same request wrote, where its answer got lost', async () => {
  const memory = openMemoryObjectStore({ now: Date.now })
  const triedTwice: ObjectStore = {
    ...memory,
    async create(...request) {
      await memory.create(...request)
      return memory.create(...request)
    },
  }

  const [output] = await storeOutputs(triedTwice, FIRST, [await aVideo('first')], unaborted)

  expect(output?.video.sha256).toBe(hashOf('first video'))
})

test('records nothing of an object that this attempt did not upload', async () => {
  const store = openMemoryObjectStore({ now: Date.now })
  const metadata = { sha256: hashOf('other bytes') }
  await store.put(VIDEO_KEY, new Uint8Array(11), { contentType: 'video/mp4', metadata }, unaborted)

  const storing = storeOutputs(store, FIRST, [await aVideo('first')], unaborted)

  await expect(storing).rejects.toThrow(
    `${VIDEO_KEY}: is another file than the one that this attempt uploaded`,
  )
})
