import { describe, expect, test } from 'vitest'
import { aFailure, aResult } from '../../../fixtures/job-records.ts'
import { fakeServices } from '../fake-services.ts'

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
  test('brings back what is among the dead letters', async () => {
    const { run, a, queued } = await redriveSetup()
    const { exitCode, stdout, stderr } = await run(['redrive'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toBe(
      [
        'JOB           PICTURE  CLASS                          REASON',
        `${a.slice(0, 12)}  a.png    exhausted  in the queue again  out of memory`,
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

  test('takes jobs by the beginnings of their ids', async () => {
    const { run, b, queued } = await redriveSetup()
    const { stdout } = await run(['redrive', '--job', b.slice(0, 6)])
    expect(queued()).toEqual(['images/b.png'])
    expect(stdout).toContain('1 dead letter of other jobs left\n')
  })

  test('tells in a dry run, and does nothing', async () => {
    const { run, queued } = await redriveSetup()
    const { stdout } = await run(['redrive', '--dry-run'])
    expect(stdout).toContain('would be brought back  out of memory')
    expect(stdout).toMatch(/\n1 job would be brought back\n$/)
    expect(queued()).toEqual([])
  })

  test('brings a cancelled job back by its name alone', async () => {
    const { run, putResult, jobs } = fakeServices()
    const jobId = await putResult(aResult({ state: 'cancelled' }))
    expect((await run(['redrive', '--class', 'exhausted'])).stdout).toBe('0 jobs brought back\n')
    expect((await run(['redrive', '--job', jobId])).stdout).toContain('1 job brought back')
    expect(jobs.messages()).toHaveLength(1)
  })

  test('--json has these keys', async () => {
    const { run, a } = await redriveSetup()
    expect(JSON.parse((await run(['redrive', '--json'])).stdout)).toEqual({
      jobs: [
        {
          job_id: a,
          outcome: 'brought-back',
          sourceKey: 'images/a.png',
          state: 'failed',
          class: 'exhausted',
          reason: 'out of memory',
          finished_at: '2026-11-24T12:00:20.000Z',
        },
      ],
      dead_letters_left: 0,
      malformed_message_ids: [],
    })
  })

  test('knows no other class', async () => {
    const { run } = await redriveSetup()
    expect(await run(['redrive', '--class', 'bad'])).toMatchObject({ exitCode: 2 })
  })
})
