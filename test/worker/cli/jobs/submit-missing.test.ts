import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { aJobMessage } from '../../../fixtures/a-job-message.ts'
import { aFailure, anOutput, aResult } from '../../../fixtures/job-records.ts'
import { aFolder, jobOf, pixels, withIngest } from './with-ingest.ts'

const FAULT = {
  item: 4,
  item_id: null,
  line: null,
  field: 'items[3].image',
  message: 'is not in the bucket; upload it',
}

/** A manifest of four items: a good clip, a failed job, a clip whose file is damaged, and an item that ingest rejects. */
const aMixedBatch = async () => {
  const { at, folder } = await aFolder({
    'cup.png': await pixels('png'),
    'm.json': JSON.stringify({ items: [{ image: 'images/cup.png' }] }),
  })
  const [good, failed, damaged] = [1, 2, 3].map((seed) => aJobMessage({ parameters: { seed } }))
  if (good === undefined || failed === undefined || damaged === undefined) throw new Error('no jobs')
  const jobs = [good, failed, damaged].map(({ job_id }, index) =>
    jobOf('images/cup.png', { job_id, item: index + 1, item_id: `cup-${index + 1}` }),
  )
  const setup = withIngest({
    says: () => ({ state: 'partly', jobs, faults: [FAULT] }),
    async afterwards(sleep) {
      if (sleep !== 2) return
      for (const job of [good, damaged]) {
        const output = anOutput(job.job_id, 'a video')
        const bytes = Buffer.from(job === good ? 'a video' : 'damaged')
        await setup.put(output.video.key, bytes, 'video/mp4')
        await setup.putResult(aResult({ job, outputs: [output] }))
      }
      await setup.putResult(aFailure({ class: 'quality', reason: 'the clip is black' }, { job: failed }))
    },
  })
  const videos = path.join(folder, 'videos')
  return {
    ...{ good: good.job_id, failed: failed.job_id, damaged: damaged.job_id },
    submit: (...args: readonly string[]) => setup.run(['submit', at('m.json'), '--prefix', 'p', ...args]),
    download: (...args: readonly string[]) => setup.run(['download', '--prefix', 'p', ...args]),
    ...{ at, videos },
  }
}

describe('svd submit --download prints at the end', () => {
  test('what ingest did not take and each clip that is missing, then how many files came', async () => {
    const { submit, at, videos, failed, damaged } = await aMixedBatch()
    const { exitCode, stderr } = await submit('--download', videos)
    const missing = [
      `error: ${at('m.json')}: items[3].image: is not in the bucket; upload it`,
      `error: ${failed.slice(0, 12)}  cup.png: failed: the clip is black`,
      `error: ${damaged.slice(0, 12)}  cup.png: s3://out/`,
    ]
    expect(exitCode).toBe(1)
    const ending = stderr.split('\n').slice(-5)
    for (const [place, line] of missing.entries()) expect(ending[place]).toContain(line)
    expect(ending.slice(3)).toEqual(['1 file downloaded (7 B)', ''])
  })

  test('the missing clips in --json, as svd download does', async () => {
    const { submit, download, videos, failed, damaged } = await aMixedBatch()
    const { missing } = JSON.parse((await submit('--download', videos, '--json')).stdout)
    expect(missing).toEqual([
      { job_id: failed, image: 'images/cup.png', state: 'failed', reason: 'the clip is black' },
      {
        ...{ job_id: damaged, image: 'images/cup.png', state: 'succeeded' },
        reason: expect.stringContaining('has SHA-256'),
      },
    ])
    expect(JSON.parse((await download('--to', videos, '--json')).stdout).missing).toEqual(missing)
  })
})

test('svd submit --wait repeats at the end what ingest did not take', async () => {
  const { submit, at } = await aMixedBatch()
  const { stderr } = await submit('--wait')
  const line = `error: ${at('m.json')}: items[3].image: is not in the bucket; upload it\n`
  expect(stderr.split(line)).toHaveLength(3)
  expect(stderr.endsWith(line)).toBe(true)
})
