import { describe, expect, test } from 'vitest'
import { CANCEL_PREFIX } from '../../../shared/contracts/bucket-layout.ts'
import { aPng } from '../../fixtures/images.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { aLateSidecar, IMAGE, OTHER, SIDECAR } from './a-late-sidecar.ts'
import { s3Event } from './ingest-setup.ts'
import { untilIngested } from './until-ingested.ts'
import { jobAt, type Setup, withFirstJob } from './with-first-job.ts'

/** A setup whose first run on the image is overtaken by a sidecar: it is uploaded just before the run sends a message. */
const anOvertakenRun = async (sidecar: string): Promise<Setup> => {
  let overtaken = false
  const setup: Setup = await aLateSidecar({
    queueFaults: {
      async before() {
        if (overtaken) return
        overtaken = true
        await setup.upload(SIDECAR, sidecar)
      },
    },
  })
  return setup
}

describe('a sidecar that comes after its image', () => {
  test.each(['queued', 'preparing', 'rendering', 'publishing'] as const)(
    'has the first job cancelled while it is %s, and the report names it',
    async (state) => {
      const { setup, first } = await withFirstJob()
      await setup.setState(first, state)
      await setup.upload(SIDECAR, OTHER)
      const second = jobAt(setup, 1)
      expect(await setup.report(IMAGE)).toMatchObject({
        ...{ state: 'accepted', jobs: [{ job_id: second.job_id }], faults: [] },
        superseded: [{ job_id: first.job_id, outcome: 'cancelled' }],
      })
      expect(await setup.stoppedBy(first.job_id)).toBe('ingest')
      expect(await setup.stoppedBy(second.job_id)).toBeNull()
      expect(setup.told.at(-1)).toMatchObject({ report: { superseded: [{ outcome: 'cancelled' }] } })
    },
  )

  test.each(['succeeded', 'failed'] as const)('leaves the first job alone that %s before', async (state) => {
    const { setup, first } = await withFirstJob()
    await setup.end(first, state)
    await setup.upload(SIDECAR, OTHER)
    expect(await setup.superseded()).toEqual([{ job_id: first.job_id, outcome: 'done' }])
    expect(await setup.stoppedBy(first.job_id)).toBeNull()
    expect(setup.hasResult(first.job_id)).toBe(true)
  })

  test('and has faults, rejects the image, tells of the first job and cancels it', async () => {
    const { setup, first } = await withFirstJob()
    await setup.upload(SIDECAR, '{"parameters": {"fps": 0}}')
    const report = await setup.report(IMAGE)
    expect(report).toMatchObject({
      ...{ state: 'rejected', jobs: [] },
      superseded: [{ job_id: first.job_id, outcome: 'cancelled' }],
    })
    expect(report?.faults.map(({ field, message }) => `${field}: ${message}`)).toEqual([
      expect.stringMatching(/^sidecar\.parameters\.fps: /),
      `superseded: jobs were made before the image or its sidecar was uploaded anew: ${first.job_id} (cancelled); ` +
        'upload them without faults',
    ])
    expect(await setup.stoppedBy(first.job_id)).toBe('ingest')
  })

  test('and is no JSON, is told to be removed together with a new upload of the image, which renders the defaults', async () => {
    const { setup, first } = await withFirstJob()
    await setup.upload(SIDECAR, '{')
    expect((await setup.report(IMAGE))?.faults[0]).toMatchObject({
      field: 'sidecar',
      message: expect.stringMatching(
        /; correct it, or remove it and upload the image once more to render with the defaults$/,
      ),
    })
    await setup.input.delete(SIDECAR, unaborted)
    await untilIngested(setup, [await setup.put(IMAGE, await aPng())])
    expect(await setup.report(IMAGE)).toMatchObject({ state: 'accepted', jobs: [{ job_id: first.job_id }] })
  })

  test('and is corrected, leaves no word of the faults, and both earlier jobs in the report', async () => {
    const { setup, first } = await withFirstJob()
    await setup.upload(SIDECAR, OTHER)
    await setup.upload(SIDECAR, '{')
    await setup.upload(SIDECAR, '{"parameters": {"fps": 24}}')
    const second = jobAt(setup, 1)
    expect(await setup.report(IMAGE)).toMatchObject({
      ...{ state: 'accepted', faults: [], jobs: [{ job_id: jobAt(setup, 2).job_id }] },
      superseded: [
        { job_id: first.job_id, outcome: 'cancelled' },
        { job_id: second.job_id, outcome: 'cancelled' },
      ],
    })
    expect(await setup.stoppedBy(second.job_id)).toBe('ingest')
  })

  test('and asks for what was asked for already, supersedes nothing', async () => {
    const { setup, first } = await withFirstJob()
    await setup.upload(SIDECAR, '{"parameters": {"fps": 7}}')
    expect(setup.sent()).toEqual([first.job_id])
    expect(await setup.report(IMAGE)).toMatchObject({ jobs: [{ job_id: first.job_id }], superseded: [] })
    expect(await setup.stoppedBy(first.job_id)).toBeNull()
  })

  test('and changes the group alone, has no effect on a job that is in the queue', async () => {
    const { setup, first } = await withFirstJob()
    await setup.upload(SIDECAR, '{"group": "team-a"}')
    expect(setup.queue.messages().map(({ groupId }) => groupId)).toEqual([first.group])
    expect(await setup.report(IMAGE)).toMatchObject({ state: 'accepted', jobs: [{ job_id: first.job_id }] })
  })

  test('supersedes the clips of a grid that it does not ask for any more, and no other', async () => {
    const setup = await aLateSidecar()
    await setup.put(SIDECAR, '{"grid": {"seed": [1, 2]}}')
    await setup.ingest(s3Event(setup.image))
    await setup.upload(SIDECAR, '{"grid": {"seed": [2, 3]}}')
    const [one = '', two = '', three = ''] = setup.sent()
    expect((await setup.report(IMAGE))?.jobs.map(({ job_id }) => job_id)).toEqual([two, three])
    expect(await setup.superseded()).toEqual([{ job_id: one, outcome: 'cancelled' }])
    expect(await setup.stoppedBy(two)).toBeNull()
  })
})

describe('events that are repeated and out of order do no harm', () => {
  test.each([
    ['the image last', ['sidecar', 'image']],
    ['the sidecar last', ['image', 'sidecar']],
    ['both twice', ['image', 'sidecar', 'image', 'sidecar']],
  ])('%s, after both were uploaded', async (_, order) => {
    const setup = await aLateSidecar()
    const sidecar = await setup.put(SIDECAR, OTHER)
    for (const one of order) await setup.ingest(s3Event(one === 'image' ? setup.image : sidecar))
    expect(setup.jobs().map(({ parameters }) => parameters.fps)).toEqual([12])
    expect(await setup.superseded()).toEqual([])
    expect(setup.output.keys().filter((key) => key.startsWith(CANCEL_PREFIX))).toEqual([])
  })

  test('once a job was superseded', async () => {
    const { setup, first } = await withFirstJob()
    const sidecar = await setup.put(SIDECAR, OTHER)
    for (const event of [sidecar, setup.image, sidecar, setup.image]) await setup.ingest(s3Event(event))
    expect(setup.sent()).toEqual([first.job_id, jobAt(setup, 1).job_id])
    expect(await setup.report(IMAGE)).toMatchObject({
      ...{ jobs: [{ job_id: jobAt(setup, 1).job_id }], sequencer: setup.image.sequencer },
      superseded: [{ job_id: first.job_id, outcome: 'cancelled' }],
    })
    expect(await setup.stoppedBy(jobAt(setup, 1).job_id)).toBeNull()
  })

  test('when a run that began before the sidecar writes its report last', async () => {
    const setup = await anOvertakenRun(OTHER)
    expect(await untilIngested(setup, [setup.image])).toBe(2)
    const [second = '', first = ''] = setup.sent()
    expect((await setup.report(IMAGE))?.jobs).toMatchObject([{ job_id: second }])
    expect(await setup.superseded()).toEqual([{ job_id: first, outcome: 'cancelled' }])
    expect(await setup.stoppedBy(second)).toBeNull()
    expect(await setup.stoppedBy(first)).toBe('ingest')
  })
})

test('a run that began before a sidecar with faults, and writes its report last, comes again', async () => {
  const setup = await anOvertakenRun('{')
  expect(await untilIngested(setup, [setup.image])).toBe(2)
  const [first = ''] = setup.sent()
  expect(await setup.report(IMAGE)).toMatchObject({ state: 'rejected', jobs: [] })
  expect(await setup.superseded()).toEqual([{ job_id: first, outcome: 'cancelled' }])
  expect(await setup.stoppedBy(first)).toBe('ingest')
})

test('an image that overwrites another is an order of its own: the job of the first goes on', async () => {
  const { setup, first } = await withFirstJob()
  await setup.upload(IMAGE, await aPng({ seed: 2 }))
  expect(await setup.superseded()).toEqual([])
  expect(await setup.stoppedBy(first.job_id)).toBeNull()
})

test('an image that is uploaded again with other arguments is an order of its own', async () => {
  const { setup, first } = await withFirstJob()
  await setup.upload(IMAGE, await aPng(), { metadata: { 'svd-fps': '12' } })
  expect(setup.sent()).toHaveLength(2)
  expect(await setup.superseded()).toEqual([])
  expect(await setup.stoppedBy(first.job_id)).toBeNull()
})
