import { describe, expect, test } from 'vitest'
import { statusKey } from '../../../../shared/contracts/bucket-layout.ts'
import { queuedStatus } from '../../../../shared/contracts/status-record.ts'
import { aJobMessage } from '../../../fixtures/a-job-message.ts'
import { aFailure, aResult } from '../../../fixtures/job-records.ts'
import { aRedriveWorld, classes } from './a-redrive-world.ts'

const outcomes = (report: Awaited<ReturnType<ReturnType<typeof aRedriveWorld>['redrive']>>) =>
  report.jobs.map(({ job, outcome }) => [job.image.source_key, outcome])

test('a hundred failed jobs come back with one call, and the index forgets that they failed', async () => {
  const world = aRedriveWorld()
  const jobIds = Array.from({ length: 100 }, (_, number) => number.toString(16).padStart(32, '0'))
  for (const job_id of jobIds) {
    await world.fail({ ...aFailure(), job_id, job: { ...aJobMessage(), job_id } })
  }
  const { jobs } = await world.redrive()
  expect(new Set(jobs.map(({ outcome }) => outcome))).toEqual(new Set(['brought-back']))
  expect(world.jobsInQueue().toSorted()).toEqual(jobIds)
  expect(await world.entered('failed')).toEqual([])
})

describe('a failed job with a dead letter', () => {
  test('is in the queue again, and its record is kept', async () => {
    const world = aRedriveWorld()
    const record = aFailure({ reason: 'out of memory' })
    const jobId = await world.fail(record)
    const report = await world.redrive()
    expect(outcomes(report)).toEqual([['images/cup.png', 'brought-back']])
    expect(world.jobsInQueue()).toEqual([jobId])
    expect(world.jobsAmongDeadLetters()).toEqual([])
    expect(await world.result(jobId)).toBeNull()
    expect(await world.archived(jobId)).toEqual([{ key: `jobs/${jobId}/failures/0001.json`, record }])
    expect(await world.status(jobId)).toMatchObject({ state: 'queued', attempt: 0, message: null })
  })

  test('keeps the upload that ordered it first in its status', async () => {
    const world = aRedriveWorld()
    const record = aFailure()
    const origin = { ...record.job.origin, key: 'images/first.png' }
    await world.put(statusKey(record.job_id), { ...queuedStatus(record.job, world.now()), origin })
    await world.fail(record)
    await world.redrive()
    expect(await world.status(record.job_id)).toMatchObject({ state: 'queued', origin })
  })

  test('is sent as it was, in its group', async () => {
    const world = aRedriveWorld()
    await world.fail(aFailure())
    await world.redrive()
    expect(world.jobs.messages()).toMatchObject([{ body: JSON.stringify(aJobMessage()), groupId: 'default' }])
  })

  test('that fails again and again has every record kept', async () => {
    const world = aRedriveWorld()
    for (const reason of ['first', 'second', 'third']) {
      await world.fail(aFailure({ reason }))
      await world.redrive()
    }
    const kept = await world.archived(aJobMessage().job_id)
    expect(kept.map(({ key, record }) => [key.slice(-9), record?.failure?.reason])).toEqual([
      ['0001.json', 'first'],
      ['0002.json', 'second'],
      ['0003.json', 'third'],
    ])
  })

  test('is not cancelled by what asked for it before', async () => {
    const world = aRedriveWorld()
    const jobId = await world.fail(aFailure())
    await world.askToCancel(jobId)
    await world.redrive()
    expect(world.isAskedToCancel(jobId)).toBe(false)
  })

  test('comes back once where the queue kept a second copy of the letter', async () => {
    const world = aRedriveWorld()
    const record = aFailure()
    await world.fail(record)
    await world.deadLetter(record.job)
    expect(outcomes(await world.redrive())).toEqual([['images/cup.png', 'brought-back']])
    expect(world.jobsInQueue()).toEqual([record.job_id])
    expect(world.jobsAmongDeadLetters()).toEqual([])
  })
})

test('a dead letter that nobody has recorded yet comes back too', async () => {
  const world = aRedriveWorld()
  await world.deadLetter(aJobMessage())
  await world.redrive()
  expect(world.jobsInQueue()).toEqual([aJobMessage().job_id])
  expect(await world.archived(aJobMessage().job_id)).toEqual([])
})

test.each(['succeeded', 'cancelled'] as const)(
  'a job that %s keeps its result; the letter goes',
  async (state) => {
    const world = aRedriveWorld()
    const jobId = await world.fail(aResult({ state }))
    expect(outcomes(await world.redrive())).toEqual([['images/cup.png', 'done']])
    expect(world.jobsInQueue()).toEqual([])
    expect(world.jobsAmongDeadLetters()).toEqual([])
    expect(await world.result(jobId)).toMatchObject({ state })
  },
)

test('a letter that is no job stays, and is told', async () => {
  const world = aRedriveWorld()
  await world.deadLetters.send([{ body: 'hello', groupId: 'x' }], new AbortController().signal)
  expect(await world.redrive()).toEqual({ jobs: [], deadLettersLeft: 0, malformed: ['message-1'] })
  expect(world.deadLetters.messages()).toHaveLength(1)
})

describe('a failed job without a dead letter', () => {
  test('stays unless it is asked for', async () => {
    const world = aRedriveWorld()
    await world.fail(aFailure({ class: 'invalid-input' }), { letter: false })
    expect(outcomes(await world.redrive())).toEqual([])
  })

  test('comes back by its id', async () => {
    const world = aRedriveWorld()
    const jobId = await world.fail(aFailure({ class: 'invalid-input' }), { letter: false })
    expect(outcomes(await world.redrive({ jobIds: new Set([jobId]) }))).toEqual([
      ['images/cup.png', 'brought-back'],
    ])
    expect(world.jobsInQueue()).toEqual([jobId])
    expect(world.jobsAmongDeadLetters()).toEqual([])
    expect(await world.result(jobId)).toBeNull()
  })

  test('comes back by its class, and others do not', async () => {
    const world = aRedriveWorld()
    await world.fail(aFailure({ class: 'invalid-input' }, { picture: 'images/a.png' }), { letter: false })
    await world.fail(aFailure({ class: 'quality' }, { picture: 'images/b.png' }), { letter: false })
    await world.fail(aResult({ picture: 'images/c.png' }), { letter: false })
    const report = await world.redrive({ classes: classes('quality') })
    expect(outcomes(report)).toEqual([['images/b.png', 'brought-back']])
  })

  test('that was cancelled comes back only by its id', async () => {
    const world = aRedriveWorld()
    const jobId = await world.fail(aResult({ state: 'cancelled' }), { letter: false })
    expect(outcomes(await world.redrive({ classes: classes('exhausted') }))).toEqual([])
    const jobIds = new Set([jobId])
    expect(outcomes(await world.redrive({ jobIds }))).toEqual([])
    expect(outcomes(await world.redrive({ jobIds, named: jobIds }))).toEqual([
      ['images/cup.png', 'brought-back'],
    ])
  })
})

describe('the filter', () => {
  const aWorldOfThree = async () => {
    const world = aRedriveWorld()
    const at = (hour: number) => `2026-11-24T${String(hour).padStart(2, '0')}:00:00.000Z`
    const a = await world.fail(aFailure({}, { picture: 'images/a.png', finished_at: at(10) }))
    const b = await world.fail(aFailure({}, { picture: 'images/b.png', finished_at: at(20) }))
    await world.fail(aFailure({ class: 'quality' }, { picture: 'images/c.png', finished_at: at(20) }))
    return { world, a, b, at }
  }

  test('takes jobs by id, and counts the letters that it leaves', async () => {
    const { world, b } = await aWorldOfThree()
    const report = await world.redrive({ jobIds: new Set([b]) })
    expect(outcomes(report)).toEqual([['images/b.png', 'brought-back']])
    expect(report.deadLettersLeft).toBe(2)
  })

  test('takes those that ended before', async () => {
    const { world, at } = await aWorldOfThree()
    const report = await world.redrive({ endedBefore: new Date(at(15)) })
    expect(outcomes(report)).toEqual([['images/a.png', 'brought-back']])
  })

  test('takes only what every part of it lets through', async () => {
    const { world, at } = await aWorldOfThree()
    expect(
      outcomes(await world.redrive({ classes: classes('quality'), endedBefore: new Date(at(15)) })),
    ).toEqual([])
  })

  test('lets others see at once what it leaves', async () => {
    const { world, b } = await aWorldOfThree()
    await world.redrive({ jobIds: new Set([b]) })
    expect(await world.deadLetters.depth(new AbortController().signal)).toMatchObject({
      visible: 2,
      inFlight: 0,
    })
  })
})

test('a dry run tells, and changes nothing', async () => {
  const world = aRedriveWorld()
  await world.fail(aFailure({}, { picture: 'images/a.png' }))
  await world.fail(aFailure({ class: 'quality' }, { picture: 'images/b.png' }), { letter: false })
  await world.fail(aResult({ picture: 'images/c.png' }))
  const writes = world.outputs.writes.length
  const report = await world.redrive({ classes: classes('exhausted', 'quality') }, { dryRun: true })
  expect(outcomes(report)).toEqual([
    ['images/a.png', 'chosen'],
    ['images/c.png', 'done'],
    ['images/b.png', 'chosen'],
  ])
  expect(world.outputs.writes).toHaveLength(writes)
  expect(world.jobsInQueue()).toEqual([])
  expect(await world.deadLetters.depth(new AbortController().signal)).toMatchObject({
    visible: 2,
    inFlight: 0,
  })
})

test('a letter that somebody else took meanwhile is left to them', async () => {
  const world = aRedriveWorld({
    faults: {
      // Before the job is checked, the lease expires and another redrive receives the dead-letter message.
      async after(operation) {
        if (operation !== 'read') return
        world.pass(3600)
      },
    },
  })
  const jobId = await world.fail(aFailure())
  expect(outcomes(await world.redrive())).toEqual([['images/cup.png', 'out-of-reach']])
  expect(world.jobsInQueue()).toEqual([])
  expect(await world.result(jobId)).toMatchObject({ state: 'failed' })
  expect(world.jobsAmongDeadLetters()).toEqual([jobId])
})

test('a queue that refuses the message leaves the dead letter', async () => {
  const world = aRedriveWorld()
  await world.fail(aFailure())
  const refusing = { ...world.jobs, send: async () => [{ index: 0, reason: 'too large' }] }
  Object.assign(world.jobs, refusing)
  await expect(world.redrive()).rejects.toThrow('the queue refused its message: too large')
  expect(world.jobsAmongDeadLetters()).toHaveLength(1)
})
