import { describe, expect, test } from 'vitest'
import { CANCEL_PREFIX, cancelKey, ORDERS_PREFIX } from '../../../shared/contracts/bucket-layout.ts'
import type { JobMessage } from '../../../shared/contracts/job-message.ts'
import { aPng } from '../../fixtures/pictures.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { aLateSidecar, IMAGE, MANIFEST, NAMES_IMAGE, OTHER, SIDECAR } from './a-late-sidecar.ts'
import { s3Event } from './a-world.ts'
import { untilIngested } from './until-ingested.ts'

const HALF_AN_HOUR = 30 * 60_000

type World = Awaited<ReturnType<typeof aLateSidecar>>

const jobAt = ({ jobs }: Pick<World, 'jobs'>, index: number): JobMessage =>
  jobs()[index] ?? expect.fail(`${index} jobs were queued`)

/** The image's job alone is queued. */
const withFirstJob = async (options: Parameters<typeof aLateSidecar>[0] = {}) => {
  const world = await aLateSidecar(options)
  await world.ingest(s3Event(world.image))
  return { world, first: jobAt(world, 0) }
}

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

describe('a job that another upload orders', () => {
  test('goes on, if that is a manifest that came before the image', async () => {
    const world = await aLateSidecar()
    await world.drop(MANIFEST, NAMES_IMAGE)
    await world.ingest(s3Event(world.image))
    const first = jobAt(world, 0)
    await world.drop(SIDECAR, OTHER)
    expect(await world.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
    expect(await world.stoppedBy(first.job_id)).toBeNull()
  })

  test('goes on, if that is a manifest that came after the image', async () => {
    const { world, first } = await withFirstJob()
    await world.drop(MANIFEST, NAMES_IMAGE)
    await world.drop(SIDECAR, OTHER)
    expect(await world.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
    expect(await world.stoppedBy(first.job_id)).toBeNull()
  })

  test('goes on, if that is an image of the same pixels under another name', async () => {
    const { world, first } = await withFirstJob()
    await world.drop('images/b.png', await aPng())
    await world.drop(SIDECAR, OTHER)
    expect(await world.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
    expect(await world.stoppedBy(first.job_id)).toBeNull()
  })

  test.each(['before', 'after'])(
    'goes on as long as the report of a manifest %s it names it',
    async (when) => {
      const world = await aLateSidecar()
      const image = s3Event(world.image)
      if (when === 'after') await world.ingest(image)
      await world.drop(MANIFEST, NAMES_IMAGE)
      if (when === 'before') await world.ingest(image)
      const first = jobAt(world, 0)
      world.wait(HALF_AN_HOUR)
      await world.drop(SIDECAR, OTHER)
      expect(await world.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])

      const given = await aLateSidecar()
      if (when === 'after') await given.ingest(s3Event(given.image))
      await given.drop(MANIFEST, NAMES_IMAGE)
      if (when === 'before') await given.ingest(s3Event(given.image))
      await given.drop(MANIFEST, '{"items": [{"image": "images/a.png", "parameters": {"fps": 24}}]}')
      given.wait(HALF_AN_HOUR)
      await given.drop(SIDECAR, OTHER)
      expect(await given.superseded()).toEqual([{ job_id: first.job_id, outcome: 'cancelled' }])
      expect(await given.stoppedBy(first.job_id)).toBe('ingest')
    },
  )

  test('goes on, whichever of the two messages a worker took', async () => {
    const { world, first } = await withFirstJob()
    world.wait(HALF_AN_HOUR)
    await world.drop(MANIFEST, NAMES_IMAGE)
    await world.setState(jobAt(world, 1), 'rendering')
    world.wait(HALF_AN_HOUR)
    await world.drop(SIDECAR, OTHER)
    expect(await world.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
    // The manifest is the origin now; the image's order is known all the same.
    await world.drop(SIDECAR, '{}')
    expect((await world.report(IMAGE))?.jobs).toMatchObject([{ job_id: first.job_id }])
  })

  test('goes on, if both were the first to order it, and a worker took the message of the image', async () => {
    let armed = true
    const world: World = await aLateSidecar({
      queueFaults: {
        async before() {
          if (!armed) return
          armed = false
          await world.drop(MANIFEST, NAMES_IMAGE)
        },
      },
    })
    await world.ingest(s3Event(world.image))
    const first = jobAt(world, 1)
    expect(first.origin.key).toBe(IMAGE)
    await world.setState(first, 'rendering')
    await world.drop(SIDECAR, OTHER)
    expect(await world.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
    expect(await world.stoppedBy(first.job_id)).toBeNull()
  })

  test.each([1, 60_000])(
    'is cancelled once both uploads have given it up by late sidecars, %d ms after another',
    async (ms) => {
      const { world, first } = await withFirstJob()
      await world.drop('images/b.png', await aPng())
      world.wait(ms)
      await world.drop(SIDECAR, OTHER)
      expect(await world.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
      world.wait(ms)
      await world.drop('images/b.json', OTHER)
      expect((await world.report('images/b.png'))?.superseded).toEqual([
        { job_id: first.job_id, outcome: 'cancelled' },
      ])
      expect(await world.stoppedBy(first.job_id)).toBe('ingest')
    },
  )

  test('goes on while a young order has an earlier report alone, which does not name it', async () => {
    let armed = false
    const { world, first } = await withFirstJob({
      outputFaults: {
        after(operation, key) {
          if (armed && operation === 'put' && key.startsWith(ORDERS_PREFIX))
            throw new Error('the function ends')
        },
      },
    })
    await world.drop(MANIFEST, '{"items": [{"image": "images/a.png", "parameters": {"fps": 24}}]}')
    world.wait(60_000)
    armed = true
    await expect(world.drop(MANIFEST, NAMES_IMAGE)).rejects.toThrow('1 of 1 objects could not be ingested')
    armed = false
    await world.drop(SIDECAR, OTHER)
    expect(await world.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
  })

  test('costs a manifest of new jobs no request, and an order where the job is there', async () => {
    const { world, first } = await withFirstJob()
    await world.drop(
      MANIFEST,
      '{"items": [{"image": "images/a.png"}, {"image": "images/a.png", "parameters": {"fps": 24}}]}',
    )
    const orders = world.output.keys().filter((key) => key.startsWith(ORDERS_PREFIX))
    expect(orders.map((key) => key.split('/')[1])).toEqual([first.job_id, first.job_id])
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

describe('a job that is ordered while it is being cancelled', () => {
  /** Orders the first job by a manifest at a moment of the run that cancels it. */
  const ordered = async (moment: 'before' | 'after', isQuick = false) => {
    let armed = false
    let manifest: Awaited<ReturnType<World['put']>> | undefined
    const rounds: number[] = []
    const { world, first } = await withFirstJob({
      outputFaults: {
        async [moment](operation: string, key: string) {
          if (!armed || operation !== 'create' || key !== cancelKey(first.job_id)) return
          armed = false
          if (isQuick) await world.end(first, 'cancelled')
          rounds.push(await untilIngested(world, [manifest ?? expect.fail('no manifest')]))
        },
      },
    })
    manifest = await world.put(MANIFEST, NAMES_IMAGE)
    const sidecar = await world.put(SIDECAR, OTHER)
    armed = true
    rounds.push(await untilIngested(world, [sidecar]))
    return { world, first, rounds }
  }

  test('goes on, if the order came before the marker', async () => {
    const { world, first, rounds } = await ordered('before')
    expect(await world.stoppedBy(first.job_id)).toBeNull()
    expect(await world.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
    // The run that cancels it has to come again.
    expect(rounds).toEqual([1, 2])
  })

  test('goes on, if the order came after the marker', async () => {
    const { world, first, rounds } = await ordered('after')
    expect(await world.stoppedBy(first.job_id)).toBeNull()
    expect(await world.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
    // The run that orders it has to come again.
    expect(rounds[0]).toBe(2)
  })

  test('is queued once more, if a worker was quick to stop it', async () => {
    const { world, first } = await ordered('after', true)
    expect(await world.stoppedBy(first.job_id)).toBeNull()
    expect(world.hasResult(first.job_id)).toBe(false)
    expect(world.hasArchivedResult(first.job_id)).toBe(true)
    expect(world.sent().filter((jobId) => jobId === first.job_id).length).toBeGreaterThan(1)
    expect((await world.report(MANIFEST))?.jobs).toMatchObject([{ job_id: first.job_id, done_before: false }])
  })

  test('is queued once more by the run that cancels it, if that finds the order too late', async () => {
    let manifest: Awaited<ReturnType<World['put']>> | undefined
    const { world, first } = await withFirstJob({
      outputFaults: {
        async before(operation, key) {
          if (manifest === undefined || operation !== 'create' || !key.startsWith(CANCEL_PREFIX)) return
          await untilIngested(world, [manifest])
        },
        async after(operation, key) {
          if (operation === 'create' && key.startsWith(CANCEL_PREFIX)) await world.end(first, 'cancelled')
        },
      },
    })
    manifest = await world.put(MANIFEST, NAMES_IMAGE)
    await untilIngested(world, [await world.put(SIDECAR, OTHER)])
    expect(world.hasResult(first.job_id)).toBe(false)
    expect(await world.stoppedBy(first.job_id)).toBeNull()
    expect(world.sent().filter((jobId) => jobId === first.job_id).length).toBeGreaterThan(1)
    expect(await world.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
  })

  test('is queued once more, if a worker stops it between the marker and the next run', async () => {
    const { world, first } = await withFirstJob()
    await world.drop(SIDECAR, OTHER)
    const manifest = await world.put(MANIFEST, NAMES_IMAGE)
    await expect(world.ingest(s3Event(manifest))).rejects.toThrow('1 of 1 objects could not be ingested')
    await world.end(first, 'cancelled')
    await world.ingest(s3Event(manifest))
    expect(world.hasResult(first.job_id)).toBe(false)
    expect(world.sent().filter((jobId) => jobId === first.job_id)).toHaveLength(2)
  })

  test.each(['before', 'after'] as const)(
    'goes on, if the same image orders it %s the marker',
    async (moment) => {
      let armed = false
      const { world, first } = await withFirstJob({
        outputFaults: {
          async [moment](operation: string, key: string) {
            if (!armed || operation !== 'create' || key !== cancelKey(first.job_id)) return
            armed = false
            // A run in another process, which sees the sidecar as it is by now.
            await untilIngested(world, [await world.put(SIDECAR, '{}')])
          },
        },
      })
      const sidecar = await world.put(SIDECAR, OTHER)
      armed = true
      await untilIngested(world, [sidecar])
      expect((await world.report(IMAGE))?.jobs).toMatchObject([{ job_id: first.job_id }])
      expect(await world.stoppedBy(first.job_id)).toBeNull()
    },
  )

  test('goes on, if the same image orders it, and the marker comes just before its report', async () => {
    let armed = false
    const { world, first } = await withFirstJob({
      outputFaults: {
        async before(operation, key) {
          if (!armed || operation !== 'replace' || !key.startsWith('reports/')) return
          armed = false
          await world.output.put(
            cancelKey(first.job_id),
            new TextEncoder().encode(
              JSON.stringify({
                ...{ version: 1, job_id: first.job_id, requested_by: 'ingest' },
                requested_at: '2026-01-02T03:04:05.000Z',
              }),
            ),
            { contentType: 'application/json' },
            unaborted,
          )
        },
      },
    })
    await world.drop(SIDECAR, OTHER)
    await world.output.delete(cancelKey(first.job_id), unaborted)
    const sidecar = await world.put(SIDECAR, '{}')
    armed = true
    expect(await untilIngested(world, [sidecar])).toBe(2)
    expect((await world.report(IMAGE))?.jobs).toMatchObject([{ job_id: first.job_id }])
    expect(await world.stoppedBy(first.job_id)).toBeNull()
  })
})

describe('a job that was superseded, and is ordered again', () => {
  const superseded = async () => {
    const { world, first } = await withFirstJob()
    await world.drop(SIDECAR, OTHER)
    expect(await world.stoppedBy(first.job_id)).toBe('ingest')
    return { world, first }
  }

  test('by its image without the sidecar, is not cancelled any more while it waits', async () => {
    const { world, first } = await superseded()
    await world.input.delete(SIDECAR, unaborted)
    await untilIngested(world, [await world.put(IMAGE, await aPng())])
    expect(await world.stoppedBy(first.job_id)).toBeNull()
    expect((await world.report(IMAGE))?.jobs).toMatchObject([{ job_id: first.job_id, done_before: false }])
  })

  test.each([
    ['its image without the sidecar', IMAGE],
    ['a manifest', MANIFEST],
  ])('by %s, is rendered though it was cancelled', async (_, key) => {
    const { world, first } = await superseded()
    await world.end(first, 'cancelled')
    await world.input.delete(SIDECAR, unaborted)
    const again = await world.put(key, key === IMAGE ? await aPng() : NAMES_IMAGE)
    expect(await untilIngested(world, [again])).toBe(1)
    expect(world.hasResult(first.job_id)).toBe(false)
    expect(world.hasArchivedResult(first.job_id)).toBe(true)
    expect(await world.stoppedBy(first.job_id)).toBeNull()
    expect(world.sent().filter((jobId) => jobId === first.job_id)).toHaveLength(2)
    expect((await world.report(key))?.jobs).toMatchObject([{ job_id: first.job_id, done_before: false }])
  })

  test('by a sidecar, is not among the superseded any more', async () => {
    const { world, first } = await superseded()
    await untilIngested(world, [await world.put(SIDECAR, '{}')])
    const second = jobAt(world, 1)
    expect(await world.superseded()).toEqual([{ job_id: second.job_id, outcome: 'cancelled' }])
    expect(await world.stoppedBy(first.job_id)).toBeNull()
  })
})

describe('what a person cancelled', () => {
  test('stays cancelled when it is ordered again', async () => {
    const { world, first } = await withFirstJob()
    await world.cancelByPerson(first)
    await world.end(first, 'cancelled')
    await world.drop(MANIFEST, NAMES_IMAGE)
    expect(world.sent()).toEqual([first.job_id])
    expect(world.hasResult(first.job_id)).toBe(true)
    expect(await world.stoppedBy(first.job_id)).toBe('person')
    expect((await world.report(MANIFEST))?.jobs).toMatchObject([{ done_before: true }])
  })

  test.each(['queued', 'cancelled'] as const)(
    'is told as cancelled where a manifest orders it and it is %s, because it does not go on',
    async (state) => {
      const { world, first } = await withFirstJob()
      await world.drop(MANIFEST, NAMES_IMAGE)
      await world.cancelByPerson(first)
      if (state === 'cancelled') await world.end(first, state)
      await world.drop(SIDECAR, '{')
      expect(await world.superseded()).toEqual([{ job_id: first.job_id, outcome: 'cancelled' }])
      expect((await world.report(IMAGE))?.faults.at(-1)?.message).toContain(`${first.job_id} (cancelled)`)
      expect(await world.stoppedBy(first.job_id)).toBe('person')
    },
  )

  test('stays so while it waits, and is superseded as by ingest', async () => {
    const { world, first } = await withFirstJob()
    await world.cancelByPerson(first)
    await world.drop(SIDECAR, OTHER)
    expect(await world.superseded()).toEqual([{ job_id: first.job_id, outcome: 'cancelled' }])
    await world.drop(MANIFEST, NAMES_IMAGE)
    expect(await world.stoppedBy(first.job_id)).toBe('person')
  })
})
