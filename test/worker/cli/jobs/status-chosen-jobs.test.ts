import { describe, expect, test } from 'vitest'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { aResult, aStatus } from '../../../fixtures/job-records.ts'
import { fakeServices } from '../fake-services.ts'

describe('svd status', () => {
  test.each([
    ['xyz', 'xyz: is no job id; those are up to 32 digits and letters from a to f'],
    ['ffff', 'ffff: no job in s3://out has an id that begins with it'],
    ['a', `a: begins the ids of several jobs: ${jobIdLike('a1')}, ${jobIdLike('a2')}; give more of it`],
  ])('refuses the job id %s', async (typed, message) => {
    const { run, putStatus } = fakeServices()
    await putStatus(aStatus({ jobId: jobIdLike('a1') }))
    await putStatus(aStatus({ jobId: jobIdLike('a2') }))
    expect(await run(['status', typed])).toMatchObject({ exitCode: 2, stderr: `error: ${message}\n` })
  })

  test('finds a job that has a result but no status, by the first characters of its id', async () => {
    const { run, putResult } = fakeServices()
    await putResult(aResult({ jobId: jobIdLike('abcd') }))
    expect((await run(['status', 'ABC'])).stdout).toContain(jobIdLike('abcd'))
  })

  test('lists the jobs of a manifest in the order of its items', async () => {
    const { run, putStatus, putReport } = fakeServices()
    for (const id of ['a', 'b', 'c']) await putStatus(aStatus({ jobId: jobIdLike(id) }))
    await putReport({
      version: 1,
      bucket: 'in',
      key: 'manifests/motion.json',
      version_id: null,
      etag: '"e"',
      sequencer: null,
      state: 'accepted',
      jobs: ['c', 'a'].map((id, index) => ({
        ...{ job_id: jobIdLike(id), item: index + 1, item_id: null, image: 'images/cup.png' },
        ...{ videos: [], done_before: false },
      })),
      superseded: [],
      faults: [],
      more_faults: 0,
      reported_at: '2026-11-24T12:00:00.000Z',
    })
    const ids = async (key: string) =>
      JSON.parse((await run(['status', '--manifest', key, '--json'])).stdout).jobs.map(
        (job: { job_id: string }) => job.job_id[0],
      )
    expect(await ids('manifests/motion.json')).toEqual(['c', 'a'])
    expect(await ids('motion.json')).toEqual(['c', 'a'])
    expect(await run(['status', '--manifest', 'other.json'])).toMatchObject({
      exitCode: 2,
      stderr:
        `error: --manifest: got 'other.json'; there is no s3://out/reports/manifests/other.json.json, and no ` +
        'other manifest has this name: check the key (svd batches lists manifests), or wait if it was uploaded just now\n',
    })
  })

  test.each([
    [
      ['a1', '--since', '1h'],
      'job: give ids, --manifest, --prefix, --since or --state, and not several of them',
    ],
    [['--limit', '0'], "--limit: got '0'; must be a whole number from 1 to 100000"],
    [
      ['--since', 'monday'],
      "--since: got 'monday'; must be a time such as 90s, 15m, 2h or 3d, or a date such as 2026-11-24 or 2026-11-24T18:00",
    ],
  ])('refuses %j', async (args, message) => {
    const { run } = fakeServices()
    expect(await run(['status', ...args])).toMatchObject({ exitCode: 2, stderr: `error: ${message}\n` })
  })
})
