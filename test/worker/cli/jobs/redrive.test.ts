import { describe, expect, test } from 'vitest'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { aFailure, aResult, aStatus } from '../../../fixtures/job-records.ts'
import { aRejectedReport } from '../../client/tracking/a-report.ts'
import { fakeServices } from '../fake-services.ts'

const accepted = (jobId: string) => ({
  ...{ job_id: jobId, item: 1, item_id: null, image: 'images/cup.png', videos: [], done_before: false },
})

const redriveSetup = async () => {
  const setup = fakeServices()
  const a = aFailure({ reason: 'out of memory' }, { sourceKey: 'images/a.png' })
  const b = aFailure(
    { class: 'quality', reason: 'frozen' },
    { sourceKey: 'images/b.png', finished_at: '2026-11-24T12:25:00.000Z' },
  )
  for (const record of [a, b]) await setup.putResult(record)
  await setup.deadLetters.send([{ body: JSON.stringify(a.job), groupId: 'g' }], new AbortController().signal)
  const queued = () => setup.jobs.messages().map(({ body }) => JSON.parse(body).image.source_key)
  return { ...setup, a: a.job_id, b: b.job_id, queued }
}

describe('svd redrive', () => {
  test('sends the jobs of dead-letter messages to the jobs queue again', async () => {
    const { run, a, queued } = await redriveSetup()
    const { exitCode, stdout, stderr } = await run(['redrive'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toBe(
      [
        'JOB           IMAGE  CLASS                          REASON',
        `${a.slice(0, 12)}  a.png  exhausted  in the queue again  out of memory`,
        '',
        '1 job brought back',
        '',
      ].join('\n'),
    )
    expect(queued()).toEqual(['images/a.png'])
  })

  test.each([
    [['--class', 'quality'], ['images/b.png']],
    [
      ['--class', 'quality', 'exhausted'],
      ['images/a.png', 'images/b.png'],
    ],
    [['--class', 'quality', '--older-than', '10m'], []],
    [['--class', 'quality', '--older-than', '5m'], ['images/b.png']],
    [['--older-than', '20m'], ['images/a.png']],
  ])('with %j brings back %j', async (args, expected) => {
    // It is 12:30; b failed at 12:25, a at 12:00.
    const { run, queued, pass } = await redriveSetup()
    pass(1)
    await run(['redrive', ...args])
    expect(queued().toSorted()).toEqual(expected)
  })

  test('--job selects jobs by the first characters of their ids', async () => {
    const { run, b, queued } = await redriveSetup()
    const { stdout } = await run(['redrive', '--job', b.slice(0, 6)])
    expect(queued()).toEqual(['images/b.png'])
    expect(stdout).toContain('1 dead letter of other jobs left\n')
  })

  test('--dry-run prints the jobs that it would bring back, and sends nothing', async () => {
    const { run, queued } = await redriveSetup()
    const { stdout } = await run(['redrive', '--dry-run'])
    expect(stdout).toContain('would be brought back  out of memory')
    expect(stdout).toMatch(/\n1 job would be brought back\n$/)
    expect(queued()).toEqual([])
  })

  test('brings a cancelled job back only when --job names it', async () => {
    const { run, putResult, jobs } = fakeServices()
    const jobId = await putResult(aResult({ state: 'cancelled' }))
    expect((await run(['redrive', '--class', 'exhausted'])).stdout).toBe('0 jobs brought back\n')
    expect((await run(['redrive', '--job', jobId])).stdout).toContain('1 job brought back')
    expect(jobs.messages()).toHaveLength(1)
  })

  test('prints for each job of --job why it was not brought back', async () => {
    const { run, putResult, putStatus, a, queued } = await redriveSetup()
    const named = {
      succeeded: await putResult(aResult({ jobId: jobIdLike('5a') })),
      queued: await putStatus(aStatus({ jobId: jobIdLike('5b'), state: 'queued', attempt: 0 })),
      rendering: await putStatus(aStatus({ jobId: jobIdLike('5c'), state: 'rendering', attempt: 1 })),
    }
    const { exitCode, stdout, stderr } = await run(['redrive', '--job', ...Object.values(named), 'ffff', a])
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: 'error: ffff: no job in s3://out has an id that begins with it\n',
    })
    expect(stdout).toContain(
      [
        `${named.succeeded.slice(0, 12)}  succeeded, and keeps its clip`,
        `${named.queued.slice(0, 12)}  is still in the queue, since 2026-11-24T12:00:00.000Z`,
        `${named.rendering.slice(0, 12)}  is in work: rendering, attempt 1`,
        '1 job brought back',
        '',
      ].join('\n'),
    )
    expect(queued()).toEqual(['images/a.png'])
  })

  test.each([
    [['--class', 'exhausted'], 'failed as quality at 2026-11-24T12:25:00.000Z, left out by --class'],
    [['--older-than', '1h'], 'failed as quality at 2026-11-24T12:25:00.000Z, left out by --older-than'],
    [
      ['--class', 'exhausted', '--older-than', '1h'],
      'failed as quality at 2026-11-24T12:25:00.000Z, left out by --class and --older-than',
    ],
  ])('prints which of the options %j excludes a failed job', async (args, reason) => {
    const { run, b } = await redriveSetup()
    const { stdout } = await run(['redrive', '--job', b, ...args])
    expect(stdout).toContain(`${b.slice(0, 12)}  ${reason}\n`)
  })

  test('prints how many jobs of a large manifest share each reason', async () => {
    const { run, putResult, putStatus, putReport } = fakeServices()
    const ids = Array.from({ length: 30 }, (_, index) => jobIdLike((index + 100).toString(16)))
    for (const jobId of ids.slice(1)) await putResult(aResult({ jobId }))
    const [first] = ids as [string]
    await putStatus(aStatus({ jobId: first, state: 'rendering', attempt: 1 }))
    await putReport(
      aRejectedReport('manifests/m.json', { state: 'accepted', faults: [], jobs: ids.map(accepted) }),
    )
    const { stdout } = await run(['redrive', '--manifest', 'm.json'])
    expect(stdout).toBe(
      [
        `1 job rendering, such as ${first.slice(0, 12)}  is in work: rendering, attempt 1`,
        `29 jobs succeeded, such as ${ids[1]?.slice(0, 12)}  succeeded, and keeps its clip`,
        '0 jobs brought back',
        '',
      ].join('\n'),
    )
  })

  test('--json prints these keys', async () => {
    const { run, a } = await redriveSetup()
    expect(JSON.parse((await run(['redrive', '--json'])).stdout)).toEqual({
      jobs: [
        {
          job_id: a,
          outcome: 'brought-back',
          image: 'images/a.png',
          state: 'failed',
          class: 'exhausted',
          reason: 'out of memory',
          finished_at: '2026-11-24T12:00:20.000Z',
        },
      ],
      left: [],
      unknown: [],
      dead_letters_left: 0,
      malformed_message_ids: [],
    })
  })

  test('refuses an unknown --class', async () => {
    const { run } = await redriveSetup()
    expect(await run(['redrive', '--class', 'bad'])).toMatchObject({ exitCode: 2 })
  })
})
