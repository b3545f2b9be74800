import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { downloadVideos } from '../../../../worker/client/download/download-videos.ts'
import { anOutput, aResult, type ResultOverrides } from '../../../fixtures/job-records.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

const JOB_ID = '7c12e969'.padEnd(32, '0')

/** A result with these videos, each of which has its own name as content. */
const aJobWith = async (videos: readonly string[], overrides: ResultOverrides = {}) => {
  const outputs = openMemoryObjectStore({ bucket: 'out', now: () => 0 })
  const result = aResult({
    ...{ jobId: JOB_ID, outputs: videos.map((video) => anOutput(JOB_ID, video)) },
    ...overrides,
  })
  for (const [index, { video }] of result.outputs.entries())
    await outputs.put(video.key, Buffer.from(videos[index] ?? ''), { contentType: 'video/mp4' }, unaborted)
  const folder = await temporaryDir()
  return { outputs, result, folder, download: () => downloadVideos(outputs, result, folder, unaborted) }
}

test('a video is named after its image and its job', async () => {
  const { folder, download } = await aJobWith(['video'], { sourceKey: 'images/x/cup.png' })
  const file = path.join(folder, 'cup-7c12e969.mp4')
  expect(await download()).toEqual([file])
  expect(await readFile(file, 'utf8')).toBe('video')
})

test('several videos of a job have numbers in their names', async () => {
  const { folder, download } = await aJobWith(['video-0', 'video-1'], { sourceKey: 'images/a:b.png' })
  await download()
  expect(await readdir(folder)).toEqual([
    ...['a_b-7c12e969-0.json', 'a_b-7c12e969-0.mp4', 'a_b-7c12e969-1.json', 'a_b-7c12e969-1.mp4'],
  ])
  expect(await readFile(path.join(folder, 'a_b-7c12e969-1.mp4'), 'utf8')).toBe('video-1')
})

test('a deleted video is an error and leaves no file', async () => {
  const { outputs, result, folder, download } = await aJobWith(['video'])
  const key = result.outputs[0]?.video.key ?? ''
  await outputs.delete(key, unaborted)
  await expect(download()).rejects.toThrow(`s3://out/${key}: is not there any more`)
  expect(await readdir(folder)).toEqual([])
})

test('a video whose bytes differ from its record is an error and leaves no file', async () => {
  const { outputs, result, folder, download } = await aJobWith(['video'])
  const { key, sha256 } = result.outputs[0]!.video
  await outputs.put(key, Buffer.from('other'), { contentType: 'video/mp4' }, unaborted)
  await expect(download()).rejects.toThrow(`not ${sha256} as its record says`)
  expect(await readdir(folder)).toEqual([])
})
