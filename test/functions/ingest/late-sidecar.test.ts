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

describe('a sidecar that is uploaded after its image', () => {
  test.each(['queued', 'preparing', 'rendering', 'publishing'] as const)(
    'cancels the first job while it is %s and names it in the report',
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

  test.each(['succeeded', 'failed'] as const)(
    'leaves a first job unchanged that has already %s',
    async (state) => {
      const { setup, first } = await withFirstJob()
      await setup.end(first, state)
      await setup.upload(SIDECAR, OTHER)
      expect(await setup.superseded()).toEqual([{ job_id: first.job_id, outcome: 'done' }])
      expect(await setup.stoppedBy(first.job_id)).toBeNull()
      expect(setup.hasResult(first.job_id)).toBe(true)
    },
  )

  test('with faults rejects the image, and cancels and reports the first job', async () => {
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

  test('that is not JSON is reported with the steps to render with the defaults, which work', async () => {
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

  test('that is corrected leaves no faults and both earlier jobs in the report', async () => {
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

  test('supersedes nothing when it requests the same job', async () => {
    const { setup, first } = await withFirstJob()
    await setup.upload(SIDECAR, '{"parameters": {"fps": 7}}')
    expect(setup.sent()).toEqual([first.job_id])
    expect(await setup.report(IMAGE)).toMatchObject({ jobs: [{ job_id: first.job_id }], superseded: [] })
    expect(await setup.stoppedBy(first.job_id)).toBeNull()
  })

  test('that changes only the group does not change a queued job', async () => {
    const { setup, first } = await withFirstJob()
    await setup.upload(SIDECAR, '{"group": "team-a"}')
    expect(setup.queue.messages().map(({ groupId }) => groupId)).toEqual([first.group])
    expect(await setup.report(IMAGE)).toMatchObject({ state: 'accepted', jobs: [{ job_id: first.job_id }] })
  })

  test('supersedes only those clips of a grid that it no longer requests', async () => {
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

describe('image and sidecar events that are repeated or out of order do not change the result', () => {
  test.each([
    ['the sidecar, then the image', ['sidecar', 'image']],
    ['the image, then the sidecar', ['image', 'sidecar']],
    ['the image and the sidecar, twice', ['image', 'sidecar', 'image', 'sidecar']],
  ])('in this order, after both uploads: %s', async (_, order) => {
    const setup = await aLateSidecar()
    const sidecar = await setup.put(SIDECAR, OTHER)
    for (const one of order) await setup.ingest(s3Event(one === 'image' ? setup.image : sidecar))
    expect(setup.jobs().map(({ parameters }) => parameters.fps)).toEqual([12])
    expect(await setup.superseded()).toEqual([])
    expect(setup.output.keys().filter((key) => key.startsWith(CANCEL_PREFIX))).toEqual([])
  })

  test('after a job was superseded', async () => {
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

test('a run that began before a faulty sidecar, and would report last, fails and is repeated', async () => {
  const setup = await anOvertakenRun('{')
  expect(await untilIngested(setup, [setup.image])).toBe(2)
  const [first = ''] = setup.sent()
  expect(await setup.report(IMAGE)).toMatchObject({ state: 'rejected', jobs: [] })
  expect(await setup.superseded()).toEqual([{ job_id: first, outcome: 'cancelled' }])
  expect(await setup.stoppedBy(first)).toBe('ingest')
})

test('an image that overwrites another image does not supersede the job of the first', async () => {
  const { setup, first } = await withFirstJob()
  await setup.upload(IMAGE, await aPng({ seed: 2 }))
  expect(await setup.superseded()).toEqual([])
  expect(await setup.stoppedBy(first.job_id)).toBeNull()
})

test('an image that is uploaded again with other arguments does not supersede its first job', async () => {
  const { setup, first } = await withFirstJob()
  await setup.upload(IMAGE, await aPng(), { metadata: { 'svd-fps': '12' } })
  expect(setup.sent()).toHaveLength(2)
  expect(await setup.superseded()).toEqual([])
  expect(await setup.stoppedBy(first.job_id)).toBeNull()
})
