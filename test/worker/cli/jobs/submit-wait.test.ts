import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { aJobMessage } from '../../../fixtures/a-job-message.ts'
import { aFailure, anOutput, aResult, aStatus } from '../../../fixtures/job-records.ts'
import { aFolder, pixels, withIngest } from './with-ingest.ts'

describe('svd submit --wait', () => {
  const aSubmission = async (end: 'succeeds' | 'fails') => {
    const { at, folder } = await aFolder({ 'cup.png': await pixels('png') })
    const image = 'images/p/cup.png'
    const { job_id: jobId } = aJobMessage({ sourceKey: image })
    const setup = withIngest({
      async afterwards(sleep) {
        if (sleep === 1) await setup.putStatus(aStatus({ sourceKey: image }))
        if (sleep !== 2) return
        const output = anOutput(jobId)
        await setup.put(output.video.key, new TextEncoder().encode('video'), 'video/mp4')
        await setup.putResult(
          end === 'succeeds'
            ? aResult({ sourceKey: image })
            : aFailure({ reason: 'black' }, { sourceKey: image }),
        )
      },
    })
    const run = (...args: readonly string[]) => setup.run(['submit', at('cup.png'), '--prefix', 'p', ...args])
    return { setup, run, jobId, folder }
  }

  test('exits with 0 when the job has succeeded', async () => {
    const { run } = await aSubmission('succeeds')
    const { exitCode, stdout } = await run('--wait')
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/\n1 succeeded\n$/)
  })

  test('exits with 1 when the job has failed', async () => {
    const { run } = await aSubmission('fails')
    const { exitCode, stdout } = await run('--wait')
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/failed .*black\n/)
  })

  test('--download writes the video and its record, and no partial files', async () => {
    const { run, jobId, folder } = await aSubmission('succeeds')
    const videos = path.join(folder, 'videos')
    const { exitCode, stdout } = await run('--download', videos)
    const file = path.join(videos, `cup-${jobId.slice(0, 8)}.mp4`)
    expect(exitCode).toBe(0)
    expect(stdout).toContain(`${file}\n`)
    expect(await readFile(file, 'utf8')).toBe('video')
    expect((await readdir(videos)).toSorted()).toEqual(
      [file.replace(/mp4$/, 'json'), file].map((one) => path.basename(one)),
    )
  })

  test('--download leaves no file of a video whose SHA-256 differs from its record', async () => {
    const { setup, run, folder } = await aSubmission('succeeds')
    const put = setup.put
    Object.assign(setup, {
      put: (key: string, bytes: Uint8Array, type?: string) =>
        put(key, key.endsWith('.mp4') ? new TextEncoder().encode('other') : bytes, type),
    })
    const videos = path.join(folder, 'videos')
    const { exitCode, stderr } = await run('--download', videos)
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/video\.mp4: has SHA-256 .*, not .* as its record says/)
    expect(await readdir(videos)).toEqual([])
  })

  test('--json prints one object with these keys, and nothing else to stdout', async () => {
    const { run, jobId } = await aSubmission('succeeds')
    const report = JSON.parse((await run('--wait', '--json')).stdout)
    expect(Object.keys(report)).toEqual(['drops', 'jobs', 'known_before'])
    expect(Object.keys(report.drops[0])).toEqual(['file', 'key', 'report'])
    expect(Object.keys(report.jobs[0])).toEqual(['job_id', 'image', 'videos', 'done_before', 'job', 'files'])
    expect(report.jobs[0]).toMatchObject({ job_id: jobId, job: { state: 'succeeded' } })
  })
})
