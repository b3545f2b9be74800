import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { storeOutputs } from '../../../worker/jobs/store-outputs.ts'
import { openMemoryObjectStore } from '../../fixtures/memory-object-store.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { aJob } from './a-job.ts'
import { QUALITY } from './a-quality.ts'

const { job_id: jobId } = aJob()
const VIDEO_KEY = `jobs/${jobId}/video.mp4`
const POSTER_KEY = `jobs/${jobId}/video.poster.png`

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

test('tells what is stored where, with its hash', async () => {
  const store = openMemoryObjectStore({ now: Date.now })

  const outputs = await storeOutputs(store, jobId, [await aVideo('first')], unaborted)

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

test('leaves what an earlier attempt has stored, and tells of that', async () => {
  const store = openMemoryObjectStore({ now: Date.now })
  await storeOutputs(store, jobId, [await aVideo('first')], unaborted)

  const outputs = await storeOutputs(store, jobId, [await aVideo('second, longer')], unaborted)

  expect(outputs[0]?.video).toEqual({ key: VIDEO_KEY, size_bytes: 11, sha256: hashOf('first video') })
  expect(store.writes.map(({ key }) => key)).toEqual([VIDEO_KEY, POSTER_KEY])
})

test('numbers the videos of a job that has several', async () => {
  const store = openMemoryObjectStore({ now: Date.now })

  const outputs = await storeOutputs(store, jobId, [await aVideo('a'), await aVideo('b')], unaborted)

  expect(outputs.map(({ video }) => video.key)).toEqual([
    `jobs/${jobId}/video-0.mp4`,
    `jobs/${jobId}/video-1.mp4`,
  ])
})

test('takes nothing over that no worker wrote', async () => {
  const store = openMemoryObjectStore({ now: Date.now })
  await store.put(VIDEO_KEY, new Uint8Array(3), { contentType: 'video/mp4' }, unaborted)

  const storing = storeOutputs(store, jobId, [await aVideo('first')], unaborted)

  await expect(storing).rejects.toThrow(`${VIDEO_KEY}: is there, but no worker wrote it`)
})
