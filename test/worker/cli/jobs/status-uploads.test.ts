import { describe, expect, test } from 'vitest'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { aStatus } from '../../../fixtures/job-records.ts'
import { aRejectedReport } from '../../client/tracking/a-report.ts'
import { fakeServices, OUTPUTS_ONLY } from '../fake-services.ts'

describe('svd status of rejected uploads', () => {
  test('prints the s3:// address of an upload outside images/ and manifests/, which no other manifest matches', async () => {
    const { run, putReport } = fakeServices()
    const accepted = { state: 'accepted' as const, faults: [] }
    await putReport(aRejectedReport('motion.json', { reported_at: '2026-11-24T12:01:00.000Z' }))
    await putReport(aRejectedReport('manifests/motion.json', accepted))
    const exact = 's3://in/motion.json'
    expect((await run(['status'])).stdout).toContain(`for the last: svd status --manifest '${exact}'\n`)
    expect((await run(['status', '--manifest', exact])).exitCode).toBe(1)
    expect((await run(['status', '--manifest', 'motion.json'])).exitCode).toBe(0)
    expect((await run(['status', '--manifest', 's3://other/motion.json'])).stderr).toContain(
      "--manifest: got 's3://other/motion.json'; uploads of this pipeline are in the bucket in",
    )
  })

  test('finds an upload whose key has another Unicode form', async () => {
    const { run, putReport } = fakeServices()
    await putReport(aRejectedReport('images/cafe\u0301.png'))
    expect((await run(['status', '--manifest', 'images/caf\u00e9.png'])).stderr).toContain('is no image')
  })

  const KEY = 'manifests/motion.json'

  test('prints the number of rejected uploads, and the command that shows the faults of the last', async () => {
    const { run, putReport, pass } = fakeServices()
    await putReport(aRejectedReport(KEY, { state: 'partly' }))
    await putReport(aRejectedReport('images/cup.png', { state: 'accepted', faults: [] }))
    pass(60)
    await putReport(aRejectedReport("images/it's.png", { reported_at: '2026-11-24T12:31:00.000Z' }))
    const { exitCode, stdout } = await run(['status'])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^no jobs\nqueue: .*\ndead letters: 0\nuploads: /)
    expect(stdout).toContain(
      "\nuploads: 1 rejected, 1 in part; for the last: svd status --manifest 'images/it'\\''s.png'\n",
    )
    expect((await run(['status', '--since', '30s'], OUTPUTS_ONLY)).stdout).toContain(
      'uploads: 1 rejected, 0 in part;',
    )
    const { uploads } = JSON.parse((await run(['status', '--json'])).stdout)
    expect(uploads).toEqual({ rejected: 1, partly: 1, more: false, newest: "images/it's.png" })
  })

  test('prints the jobs and the faults of the upload that --manifest names, and exits with 1', async () => {
    const { run, putReport, putStatus } = fakeServices()
    const jobId = await putStatus(aStatus({ jobId: jobIdLike('a1') }))
    const fault = {
      item: 2,
      line: 3,
      item_id: null,
      field: 'items[1].image',
      message: 'is missing; name one',
    }
    const job = {
      job_id: jobId,
      item: 1,
      item_id: null,
      image: 'images/cup.png',
      videos: [],
      done_before: false,
    }
    const report = aRejectedReport(KEY, { state: 'partly', jobs: [job], faults: [fault], more_faults: 4 })
    await putReport(report)

    const { exitCode, stdout, stderr } = await run(['status', '--manifest', 'motion.json'], OUTPUTS_ONLY)
    expect(stdout).toMatch(/a10000000000 .*\n\n1 queued\n$/s)
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: `error: ${KEY}: line 3, items[1].image: is missing; name one\nerror: ${KEY}: 4 more faults\n`,
    })
    const json = await run(['status', '--manifest', KEY, '--json'])
    expect(json).toMatchObject({ exitCode: 1, stderr: '' })
    expect(JSON.parse(json.stdout)).toMatchObject({ jobs: [{ job_id: jobId }], report, uploads: null })
  })

  test('prints one line for each job that a later sidecar superseded', async () => {
    const { run, putReport } = fakeServices()
    const outcomes = ['cancelled', 'done', 'kept', 'pending'] as const
    const superseded = outcomes.map((outcome, index) => ({ job_id: jobIdLike(`b${index}`), outcome }))
    await putReport(aRejectedReport('images/cup.png', { superseded }))
    const { stdout } = await run(['status', '--manifest', 'images/cup.png'], OUTPUTS_ONLY)
    expect(stdout.split('\n')).toEqual([
      'no jobs',
      `${jobIdLike('b0')}  superseded by a later upload: asked to stop`,
      `${jobIdLike('b1')}  superseded by a later upload: had ended before, and keeps its result`,
      `${jobIdLike('b2')}  superseded by a later upload: goes on, because another upload orders it`,
      `${jobIdLike('b3')}  superseded by a later upload: ingest has not decided yet what becomes of it`,
      '',
    ])
  })

  test('finds an upload outside images/ and manifests/ by its key', async () => {
    const { run, putReport } = fakeServices()
    await putReport(aRejectedReport('holiday/cup.png'))
    expect(await run(['status', '--manifest', 'holiday/cup.png'], OUTPUTS_ONLY)).toMatchObject({
      exitCode: 1,
      stdout: 'no jobs\n',
      stderr: 'error: holiday/cup.png: image: is no image; upload a PNG\n',
    })
  })
})
