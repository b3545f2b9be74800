import { describe, expect, test } from 'vitest'
import { CANCEL_PREFIX } from '../../../shared/contracts/bucket-layout.ts'
import { aPng } from '../../fixtures/pictures.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { aLateSidecar, IMAGE, OTHER, SIDECAR } from './a-late-sidecar.ts'
import { s3Event } from './a-world.ts'
import { untilIngested } from './until-ingested.ts'
import { jobAt, type World, withFirstJob } from './with-first-job.ts'

/** A world whose first run on the image is overtaken by a sidecar: it is uploaded just before the run sends a message. */
const anOvertakenRun = async (sidecar: string): Promise<World> => {
  let overtaken = false
  const world: World = await aLateSidecar({
    queueFaults: {
      async before() {
        if (overtaken) return
        overtaken = true
        await world.drop(SIDECAR, sidecar)
      },
    },
  })
  return world
}

describe('a sidecar that comes after its image', () => {
  test.each(['queued', 'preparing', 'rendering', 'publishing'] as const)(
    'has the first job cancelled while it is %s, and the report names it',
    async (state) => {
      const { world, first } = await withFirstJob()
      await world.setState(first, state)
      await world.drop(SIDECAR, OTHER)
      const second = jobAt(world, 1)
      expect(await world.report(IMAGE)).toMatchObject({
        ...{ state: 'accepted', jobs: [{ job_id: second.job_id }], faults: [] },
        superseded: [{ job_id: first.job_id, outcome: 'cancelled' }],
      })
      expect(await world.stoppedBy(first.job_id)).toBe('ingest')
      expect(await world.stoppedBy(second.job_id)).toBeNull()
      expect(world.told.at(-1)).toMatchObject({ report: { superseded: [{ outcome: 'cancelled' }] } })
    },
  )

  test.each(['succeeded', 'failed'] as const)('leaves the first job alone that %s before', async (state) => {
    const { world, first } = await withFirstJob()
    await world.end(first, state)
    await world.drop(SIDECAR, OTHER)
    expect(await world.superseded()).toEqual([{ job_id: first.job_id, outcome: 'done' }])
    expect(await world.stoppedBy(first.job_id)).toBeNull()
    expect(world.hasResult(first.job_id)).toBe(true)
  })

  test('and has faults, rejects the image, tells of the first job and cancels it', async () => {
    const { world, first } = await withFirstJob()
    await world.drop(SIDECAR, '{"parameters": {"fps": 0}}')
    const report = await world.report(IMAGE)
    expect(report).toMatchObject({
      ...{ state: 'rejected', jobs: [] },
      superseded: [{ job_id: first.job_id, outcome: 'cancelled' }],
    })
    expect(report?.faults.map(({ field, message }) => `${field}: ${message}`)).toEqual([
      expect.stringMatching(/^sidecar\.parameters\.fps: /),
      `superseded: jobs were made before the image or its sidecar was uploaded anew: ${first.job_id} (cancelled); ` +
        'upload them without faults',
    ])
    expect(await world.stoppedBy(first.job_id)).toBe('ingest')
  })

  test('and is no JSON, is told to be removed together with a new upload of the image, which renders the defaults', async () => {
    const { world, first } = await withFirstJob()
    await world.drop(SIDECAR, '{')
    expect((await world.report(IMAGE))?.faults[0]).toMatchObject({
      field: 'sidecar',
      message: expect.stringMatching(
        /; correct it, or remove it and upload the image once more to render with the defaults$/,
      ),
    })
    await world.input.delete(SIDECAR, unaborted)
    await untilIngested(world, [await world.put(IMAGE, await aPng())])
    expect(await world.report(IMAGE)).toMatchObject({ state: 'accepted', jobs: [{ job_id: first.job_id }] })
  })

  test('and is corrected, leaves no word of the faults, and both earlier jobs in the report', async () => {
    const { world, first } = await withFirstJob()
    await world.drop(SIDECAR, OTHER)
    await world.drop(SIDECAR, '{')
    await world.drop(SIDECAR, '{"parameters": {"fps": 24}}')
    const second = jobAt(world, 1)
    expect(await world.report(IMAGE)).toMatchObject({
      ...{ state: 'accepted', faults: [], jobs: [{ job_id: jobAt(world, 2).job_id }] },
      superseded: [
        { job_id: first.job_id, outcome: 'cancelled' },
        { job_id: second.job_id, outcome: 'cancelled' },
      ],
    })
    expect(await world.stoppedBy(second.job_id)).toBe('ingest')
  })

  test('and asks for what was asked for already, supersedes nothing', async () => {
    const { world, first } = await withFirstJob()
    await world.drop(SIDECAR, '{"parameters": {"fps": 7}}')
    expect(world.sent()).toEqual([first.job_id])
    expect(await world.report(IMAGE)).toMatchObject({ jobs: [{ job_id: first.job_id }], superseded: [] })
    expect(await world.stoppedBy(first.job_id)).toBeNull()
  })

  test('and changes the group alone, has no effect on a job that is in the queue', async () => {
    const { world, first } = await withFirstJob()
    await world.drop(SIDECAR, '{"group": "team-a"}')
    expect(world.queue.messages().map(({ groupId }) => groupId)).toEqual([first.group])
    expect(await world.report(IMAGE)).toMatchObject({ state: 'accepted', jobs: [{ job_id: first.job_id }] })
  })

  test('supersedes the clips of a grid that it does not ask for any more, and no other', async () => {
    const world = await aLateSidecar()
    await world.put(SIDECAR, '{"grid": {"seed": [1, 2]}}')
    await world.ingest(s3Event(world.image))
    await world.drop(SIDECAR, '{"grid": {"seed": [2, 3]}}')
    const [one = '', two = '', three = ''] = world.sent()
    expect((await world.report(IMAGE))?.jobs.map(({ job_id }) => job_id)).toEqual([two, three])
    expect(await world.superseded()).toEqual([{ job_id: one, outcome: 'cancelled' }])
    expect(await world.stoppedBy(two)).toBeNull()
  })
})

describe('events that are repeated and out of order do no harm', () => {
  test.each([
    ['the image last', ['sidecar', 'image']],
    ['the sidecar last', ['image', 'sidecar']],
    ['both twice', ['image', 'sidecar', 'image', 'sidecar']],
  ])('%s, after both were uploaded', async (_, order) => {
    const world = await aLateSidecar()
    const sidecar = await world.put(SIDECAR, OTHER)
    for (const one of order) await world.ingest(s3Event(one === 'image' ? world.image : sidecar))
    expect(world.jobs().map(({ parameters }) => parameters.fps)).toEqual([12])
    expect(await world.superseded()).toEqual([])
    expect(world.output.keys().filter((key) => key.startsWith(CANCEL_PREFIX))).toEqual([])
  })

  test('once a job was superseded', async () => {
    const { world, first } = await withFirstJob()
    const sidecar = await world.put(SIDECAR, OTHER)
    for (const event of [sidecar, world.image, sidecar, world.image]) await world.ingest(s3Event(event))
    expect(world.sent()).toEqual([first.job_id, jobAt(world, 1).job_id])
    expect(await world.report(IMAGE)).toMatchObject({
      ...{ jobs: [{ job_id: jobAt(world, 1).job_id }], sequencer: world.image.sequencer },
      superseded: [{ job_id: first.job_id, outcome: 'cancelled' }],
    })
    expect(await world.stoppedBy(jobAt(world, 1).job_id)).toBeNull()
  })

  test('when a run that began before the sidecar writes its report last', async () => {
    const world = await anOvertakenRun(OTHER)
    expect(await untilIngested(world, [world.image])).toBe(2)
    const [second = '', first = ''] = world.sent()
    expect((await world.report(IMAGE))?.jobs).toMatchObject([{ job_id: second }])
    expect(await world.superseded()).toEqual([{ job_id: first, outcome: 'cancelled' }])
    expect(await world.stoppedBy(second)).toBeNull()
    expect(await world.stoppedBy(first)).toBe('ingest')
  })
})

test('a run that began before a sidecar with faults, and writes its report last, comes again', async () => {
  const world = await anOvertakenRun('{')
  expect(await untilIngested(world, [world.image])).toBe(2)
  const [first = ''] = world.sent()
  expect(await world.report(IMAGE)).toMatchObject({ state: 'rejected', jobs: [] })
  expect(await world.superseded()).toEqual([{ job_id: first, outcome: 'cancelled' }])
  expect(await world.stoppedBy(first)).toBe('ingest')
})

test('an image that overwrites another is an order of its own: the job of the first goes on', async () => {
  const { world, first } = await withFirstJob()
  await world.drop(IMAGE, await aPng({ seed: 2 }))
  expect(await world.superseded()).toEqual([])
  expect(await world.stoppedBy(first.job_id)).toBeNull()
})

test('an image that is uploaded again with other arguments is an order of its own', async () => {
  const { world, first } = await withFirstJob()
  await world.drop(IMAGE, await aPng(), { metadata: { 'svd-fps': '12' } })
  expect(world.sent()).toHaveLength(2)
  expect(await world.superseded()).toEqual([])
  expect(await world.stoppedBy(first.job_id)).toBeNull()
})
