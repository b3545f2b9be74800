import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { resultKey } from '../../../../shared/contracts/bucket-layout.ts'
import { encodeRecord } from '../../../../shared/contracts/record-bytes.ts'
import { fetchVideos } from '../../../../worker/cli/local/fetch-videos.ts'
import { createObjectFeed } from '../../../../worker/local/object-feed.ts'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { anOutput, aResult } from '../../../fixtures/job-records.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

const TYPE = { contentType: '' }

/** Fetches results whose keys wait. `left` has the keys that are not settled. */
const aRun = async (jobs: Readonly<Record<string, 'stored' | 'without video' | 'taken away'>>) => {
  const outputs = openMemoryObjectStore({ bucket: 'out', now: () => 0 })
  const kept = new Set<string>()
  const feed = createObjectFeed({
    left: [],
    note: (key) => void kept.add(key),
    settle: (key) => void kept.delete(key),
  })
  for (const [name, how] of Object.entries(jobs)) {
    const jobId = jobIdLike(name)
    const result = aResult({ jobId, outputs: [anOutput(jobId, 'video')] })
    const key = resultKey(jobId)
    feed.add(key, feed.note(key))
    if (how === 'taken away') continue
    await outputs.put(key, encodeRecord(result), TYPE, unaborted)
    for (const { video } of how === 'stored' ? result.outputs : [])
      await outputs.put(video.key, Buffer.from('video'), TYPE, unaborted)
  }
  const folder = await temporaryDir()
  const [files, failures]: [string[], unknown[]] = [[], []]
  await fetchVideos(outputs, feed, {
    ...{ folder, written: AbortSignal.abort() },
    onFile: (file) => files.push(path.relative(folder, file)),
    onFailure: (error) => failures.push(error),
  })
  return { folder, files, failures, left: [...kept] }
}

test('fetchVideos copies the videos of waiting results, and settles these results', async () => {
  const { folder, files, failures, left } = await aRun({ aa: 'stored', bb: 'stored' })
  expect(files).toEqual(['cup-aa000000.mp4', 'cup-bb000000.mp4'])
  // The record of each clip is beside it.
  const beside = files.flatMap((file) => [file.replace('.mp4', '.json'), file])
  expect(await readdir(folder)).toEqual(beside)
  expect(await readFile(path.join(folder, files[0] ?? ''), 'utf8')).toBe('video')
  expect([failures, left]).toEqual([[], []])
})

test('fetchVideos reports a video that it cannot copy, keeps its result for the next start, and continues', async () => {
  const { files, failures, left } = await aRun({ aa: 'without video', bb: 'stored' })
  expect(files).toEqual(['cup-bb000000.mp4'])
  expect(failures).toMatchObject([{ message: expect.stringContaining('is not there any more') }])
  expect(left).toEqual([resultKey(jobIdLike('aa'))])
})

test('fetchVideos skips a result that was deleted', async () => {
  expect(await aRun({ aa: 'taken away' })).toMatchObject({ files: [], failures: [], left: [] })
})
