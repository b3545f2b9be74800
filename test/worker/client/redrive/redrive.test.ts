import { describe, expect, test } from 'vitest'
import { statusKey } from '../../../../shared/contracts/bucket-layout.ts'
import { queuedStatus } from '../../../../shared/contracts/status-record.ts'
import { aJobMessage } from '../../../fixtures/a-job-message.ts'
import { aFailure, aResult } from '../../../fixtures/job-records.ts'
import { classes, redriveSetup } from './redrive-setup.ts'

const outcomes = (report: Awaited<ReturnType<ReturnType<typeof redriveSetup>['redrive']>>) =>
  report.jobs.map(({ job, outcome }) => [job.image.source_key, outcome])

test('one redrive returns a hundred failed jobs to the queue and removes their failures from the index', async () => {
  const setup = redriveSetup()
  const jobIds = Array.from({ length: 100 }, (_, number) => number.toString(16).padStart(32, '0'))
  for (const job_id of jobIds) {
    await setup.fail({ ...aFailure(), job_id, job: { ...aJobMessage(), job_id } })
  }
  const { jobs } = await setup.redrive()
  expect(new Set(jobs.map(({ outcome }) => outcome))).toEqual(new Set(['brought-back']))
  expect(setup.jobsInQueue().toSorted()).toEqual(jobIds)
  expect(await setup.entered('failed')).toEqual([])
})

describe('a failed job with a dead-letter message', () => {
  test('returns to the queue, and its result is archived', async () => {
    const setup = redriveSetup()
    const record = aFailure({ reason: 'out of memory' })
    const jobId = await setup.fail(record)
    const report = await setup.redrive()
    expect(outcomes(report)).toEqual([['images/cup.png', 'brought-back']])
    expect(setup.jobsInQueue()).toEqual([jobId])
    expect(setup.jobsAmongDeadLetters()).toEqual([])
    expect(await setup.result(jobId)).toBeNull()
    expect(await setup.archived(jobId)).toEqual([{ key: `jobs/${jobId}/failures/0001.json`, record }])
    expect(await setup.status(jobId)).toMatchObject({ state: 'queued', attempt: 0, message: null })
  })

  test('keeps the first upload that ordered it in its status', async () => {
    const setup = redriveSetup()
    const record = aFailure()
    const origin = { ...record.job.origin, key: 'images/first.png' }
    await setup.put(statusKey(record.job_id), { ...queuedStatus(record.job, setup.now()), origin })
    await setup.fail(record)
    await setup.redrive()
    expect(await setup.status(record.job_id)).toMatchObject({ state: 'queued', origin })
  })

  test('is sent with the same body and group', async () => {
    const setup = redriveSetup()
    await setup.fail(aFailure())
    await setup.redrive()
    expect(setup.jobs.messages()).toMatchObject([{ body: JSON.stringify(aJobMessage()), groupId: 'default' }])
  })

  test('that fails several times has every result archived', async () => {
    const setup = redriveSetup()
    for (const reason of ['first', 'second', 'third']) {
      await setup.fail(aFailure({ reason }))
      await setup.redrive()
    }
    const kept = await setup.archived(aJobMessage().job_id)
    expect(kept.map(({ key, record }) => [key.slice(-9), record?.failure?.reason])).toEqual([
      ['0001.json', 'first'],
      ['0002.json', 'second'],
      ['0003.json', 'third'],
    ])
  })

  test('is not cancelled by an earlier cancel request', async () => {
    const setup = redriveSetup()
    const jobId = await setup.fail(aFailure())
    await setup.askToCancel(jobId)
    await setup.redrive()
    expect(setup.isAskedToCancel(jobId)).toBe(false)
  })

  test('returns to the queue once when SQS kept a duplicate of its dead-letter message', async () => {
    const setup = redriveSetup()
    const record = aFailure()
    await setup.fail(record)
    await setup.deadLetter(record.job)
    expect(outcomes(await setup.redrive())).toEqual([['images/cup.png', 'brought-back']])
    expect(setup.jobsInQueue()).toEqual([record.job_id])
    expect(setup.jobsAmongDeadLetters()).toEqual([])
  })
})

test('a dead-letter message that no worker has recorded returns to the queue too', async () => {
  const setup = redriveSetup()
  await setup.deadLetter(aJobMessage())
  await setup.redrive()
  expect(setup.jobsInQueue()).toEqual([aJobMessage().job_id])
  expect(await setup.archived(aJobMessage().job_id)).toEqual([])
})

test.each(['succeeded', 'cancelled'] as const)(
  'a %s job keeps its result, and its dead-letter message is removed',
  async (state) => {
    const setup = redriveSetup()
    const jobId = await setup.fail(aResult({ state }))
    expect(outcomes(await setup.redrive())).toEqual([['images/cup.png', 'done']])
    expect(setup.jobsInQueue()).toEqual([])
    expect(setup.jobsAmongDeadLetters()).toEqual([])
    expect(await setup.result(jobId)).toMatchObject({ state })
  },
)

test('a dead-letter message that is not a job stays and is reported', async () => {
  const setup = redriveSetup()
  await setup.deadLetters.send([{ body: 'hello', groupId: 'x' }], new AbortController().signal)
  expect(await setup.redrive()).toEqual({ jobs: [], deadLettersLeft: 0, malformed: ['message-1'] })
  expect(setup.deadLetters.messages()).toHaveLength(1)
})

describe('an ended job without a dead-letter message', () => {
  test('stays unless it is selected', async () => {
    const setup = redriveSetup()
    await setup.fail(aFailure({ class: 'invalid-input' }), { letter: false })
    expect(outcomes(await setup.redrive())).toEqual([])
  })

  test('returns to the queue when it is selected by its id', async () => {
    const setup = redriveSetup()
    const jobId = await setup.fail(aFailure({ class: 'invalid-input' }), { letter: false })
    expect(outcomes(await setup.redrive({ jobIds: new Set([jobId]) }))).toEqual([
      ['images/cup.png', 'brought-back'],
    ])
    expect(setup.jobsInQueue()).toEqual([jobId])
    expect(setup.jobsAmongDeadLetters()).toEqual([])
    expect(await setup.result(jobId)).toBeNull()
  })

  test('returns to the queue when its failure class is selected, and other jobs do not', async () => {
    const setup = redriveSetup()
    await setup.fail(aFailure({ class: 'invalid-input' }, { sourceKey: 'images/a.png' }), { letter: false })
    await setup.fail(aFailure({ class: 'quality' }, { sourceKey: 'images/b.png' }), { letter: false })
    await setup.fail(aResult({ sourceKey: 'images/c.png' }), { letter: false })
    const report = await setup.redrive({ classes: classes('quality') })
    expect(outcomes(report)).toEqual([['images/b.png', 'brought-back']])
  })

  test('that was cancelled returns to the queue only when it is named by its id', async () => {
    const setup = redriveSetup()
    const jobId = await setup.fail(aResult({ state: 'cancelled' }), { letter: false })
    expect(outcomes(await setup.redrive({ classes: classes('exhausted') }))).toEqual([])
    const jobIds = new Set([jobId])
    expect(outcomes(await setup.redrive({ jobIds }))).toEqual([])
    expect(outcomes(await setup.redrive({ jobIds, named: jobIds }))).toEqual([
      ['images/cup.png', 'brought-back'],
    ])
  })
})

describe('the filter', () => {
  const aSetupOfThree = async () => {
    const setup = redriveSetup()
    const at = (hour: number) => `2026-11-24T${String(hour).padStart(2, '0')}:00:00.000Z`
    const a = await setup.fail(aFailure({}, { sourceKey: 'images/a.png', finished_at: at(10) }))
    const b = await setup.fail(aFailure({}, { sourceKey: 'images/b.png', finished_at: at(20) }))
    await setup.fail(aFailure({ class: 'quality' }, { sourceKey: 'images/c.png', finished_at: at(20) }))
    return { setup, a, b, at }
  }

  test('selects jobs by id and counts the dead-letter messages that it leaves', async () => {
    const { setup, b } = await aSetupOfThree()
    const report = await setup.redrive({ jobIds: new Set([b]) })
    expect(outcomes(report)).toEqual([['images/b.png', 'brought-back']])
    expect(report.deadLettersLeft).toBe(2)
  })

  test('selects jobs that ended before a time', async () => {
    const { setup, at } = await aSetupOfThree()
    const report = await setup.redrive({ endedBefore: new Date(at(15)) })
    expect(outcomes(report)).toEqual([['images/a.png', 'brought-back']])
  })

  test('selects only jobs that match all of its conditions', async () => {
    const { setup, at } = await aSetupOfThree()
    expect(
      outcomes(await setup.redrive({ classes: classes('quality'), endedBefore: new Date(at(15)) })),
    ).toEqual([])
  })

  test('makes the messages that it leaves visible at once', async () => {
    const { setup, b } = await aSetupOfThree()
    await setup.redrive({ jobIds: new Set([b]) })
    expect(await setup.deadLetters.depth(new AbortController().signal)).toMatchObject({
      visible: 2,
      inFlight: 0,
    })
  })
})

test('a dry run reports the selected jobs and changes nothing', async () => {
  const setup = redriveSetup()
  await setup.fail(aFailure({}, { sourceKey: 'images/a.png' }))
  await setup.fail(aFailure({ class: 'quality' }, { sourceKey: 'images/b.png' }), { letter: false })
  await setup.fail(aResult({ sourceKey: 'images/c.png' }))
  const writes = setup.outputs.writes.length
  const report = await setup.redrive({ classes: classes('exhausted', 'quality') }, { dryRun: true })
  expect(outcomes(report)).toEqual([
    ['images/a.png', 'chosen'],
    ['images/c.png', 'done'],
    ['images/b.png', 'chosen'],
  ])
  expect(setup.outputs.writes).toHaveLength(writes)
  expect(setup.jobsInQueue()).toEqual([])
  expect(await setup.deadLetters.depth(new AbortController().signal)).toMatchObject({
    visible: 2,
    inFlight: 0,
  })
})

test('a dead-letter message that another redrive received meanwhile is left to that redrive', async () => {
  const setup = redriveSetup({
    faults: {
      // Before the job is checked, the lease expires and another redrive receives the dead-letter message.
      async after(operation) {
        if (operation !== 'read') return
        setup.pass(3600)
      },
    },
  })
  const jobId = await setup.fail(aFailure())
  expect(outcomes(await setup.redrive())).toEqual([['images/cup.png', 'out-of-reach']])
  expect(setup.jobsInQueue()).toEqual([])
  expect(await setup.result(jobId)).toMatchObject({ state: 'failed' })
  expect(setup.jobsAmongDeadLetters()).toEqual([jobId])
})

test('a dead-letter message stays when the queue refuses its job', async () => {
  const setup = redriveSetup()
  await setup.fail(aFailure())
  const refusing = { ...setup.jobs, send: async () => [{ index: 0, reason: 'too large' }] }
  Object.assign(setup.jobs, refusing)
  await expect(setup.redrive()).rejects.toThrow('the queue refused its message: too large')
  expect(setup.jobsAmongDeadLetters()).toHaveLength(1)
})
