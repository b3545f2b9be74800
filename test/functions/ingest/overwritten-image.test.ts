import { describe, expect, test } from 'vitest'
import { CANCEL_PREFIX, reportKey } from '../../../shared/contracts/bucket-layout.ts'
import { aPng } from '../../fixtures/pictures.ts'
import { aLateSidecar, IMAGE, MANIFEST, OTHER, SIDECAR } from './a-late-sidecar.ts'
import { s3Event } from './a-world.ts'
import { untilIngested } from './until-ingested.ts'

type World = Awaited<ReturnType<typeof aLateSidecar>>

interface NewerImage {
  readonly versioned?: boolean
  readonly content: Uint8Array
  readonly metadata?: Readonly<Record<string, string>>
}

/** A run of a sidecar, in which a newer image is uploaded and ingested just before the report is written. */
const overtakenBy = async ({ versioned = false, content, metadata = {} }: NewerImage) => {
  let armed = false
  const world: World = await aLateSidecar({
    versioned,
    outputFaults: {
      async before(operation, key) {
        if (!armed || operation !== 'head' || key !== reportKey(IMAGE)) return
        armed = false
        world.wait(1_000)
        await world.ingest(s3Event(await world.put(IMAGE, content, { metadata })))
      },
    },
  })
  await world.ingest(s3Event(world.image))
  const sidecar = await world.put(SIDECAR, OTHER)
  armed = true
  const rounds = await untilIngested(world, [sidecar])
  return { world, rounds, newest: (await world.report(IMAGE)) ?? expect.fail('no report') }
}

describe('a run of a sidecar that a newer image overtakes leaves the report to that image', () => {
  test.each([false, true])('of other content, in a bucket with versions: %s', async (versioned) => {
    const content = await aPng({ seed: 2 })
    const { world, rounds, newest } = await overtakenBy({ versioned, content })
    expect(rounds).toBe(1)
    const info = await world.input.head(IMAGE, new AbortController().signal)
    expect(newest).toMatchObject({ etag: info?.etag, version_id: info?.versionId, state: 'accepted' })
    expect(newest.sequencer).not.toBeNull()
    expect(world.told.at(-1)).toEqual({ type: 'skipped', key: IMAGE, reason: 'changed' })
    const [job] = newest.jobs
    expect(world.jobs().find(({ job_id }) => job_id === job?.job_id)?.origin.etag).toBe(info?.etag)
    expect(await world.stoppedBy(job?.job_id ?? '')).toBeNull()
    // The old image with the new sidecar: nobody asked for that.
    const mixed = world.sent().find((jobId) => ![world.sent()[0], job?.job_id].includes(jobId)) ?? ''
    expect(newest.superseded).toEqual([{ job_id: mixed, outcome: 'cancelled' }])
    expect(await world.stoppedBy(mixed)).toBe('ingest')
    expect(await world.stoppedBy(world.sent()[0] ?? '')).toBeNull()
  })

  test('of the same content with other arguments', async () => {
    const { world, newest } = await overtakenBy({
      content: await aPng(),
      metadata: { 'svd-seed': '5' },
    })
    const [job] = newest.jobs
    expect(world.jobs().find(({ job_id }) => job_id === job?.job_id)?.parameters).toMatchObject({
      seed: 5,
      fps: 12,
    })
    expect(await world.stoppedBy(job?.job_id ?? '')).toBeNull()
  })
})

describe('where image and sidecar are both overwritten', () => {
  const bothOverwritten = async (afterMs: number) => {
    const world = await aLateSidecar()
    await world.put(SIDECAR, OTHER)
    await world.ingest(s3Event(world.image))
    const [first = ''] = world.sent()
    await world.drop(SIDECAR, '{"parameters": {"fps": 24}}')
    const [, mixed = ''] = world.sent()
    world.wait(afterMs)
    await world.drop(IMAGE, await aPng({ seed: 2 }))
    const [, , last = ''] = world.sent()
    return { world, first, mixed, last }
  }

  test('the clip of the old image with the new sidecar is cancelled, though the event of the sidecar came first', async () => {
    const { world, mixed, last } = await bothOverwritten(60_000)
    expect(await world.report(IMAGE)).toMatchObject({
      ...{ state: 'accepted', jobs: [{ job_id: last }] },
      superseded: [{ job_id: mixed, outcome: 'cancelled' }],
    })
    expect(await world.stoppedBy(mixed)).toBe('ingest')
    expect(await world.stoppedBy(last)).toBeNull()
    expect(world.jobs()[2]?.parameters.fps).toBe(24)
  })

  test('it goes on where the image comes half an hour later: an order of its own', async () => {
    const { world, mixed } = await bothOverwritten(30 * 60_000)
    expect(await world.superseded()).toEqual([])
    expect(await world.stoppedBy(mixed)).toBeNull()
  })

  test('it goes on where a manifest orders it', async () => {
    const world = await aLateSidecar()
    await world.put(SIDECAR, OTHER)
    await world.ingest(s3Event(world.image))
    await world.drop(SIDECAR, '{"parameters": {"fps": 24}}')
    const [, mixed = ''] = world.sent()
    await world.drop(MANIFEST, '{"items": [{"image": "images/a.png", "parameters": {"fps": 24}}]}')
    await world.drop(IMAGE, await aPng({ seed: 2 }))
    expect(await world.superseded()).toEqual([{ job_id: mixed, outcome: 'kept' }])
    expect(await world.stoppedBy(mixed)).toBeNull()
  })
})

test('a job that a run left undecided is decided by the report on the image that overwrites its own', async () => {
  let armed = false
  const world = await aLateSidecar({
    outputFaults: {
      before(operation, key) {
        if (armed && operation === 'create' && key.startsWith(CANCEL_PREFIX))
          throw new Error('the function ends')
      },
    },
  })
  await world.ingest(s3Event(world.image))
  const [first = ''] = world.sent()
  armed = true
  await expect(world.drop(SIDECAR, OTHER)).rejects.toThrow('1 of 1 objects could not be ingested')
  armed = false
  expect(await world.superseded()).toEqual([{ job_id: first, outcome: 'pending' }])
  world.wait(60 * 60_000)
  await world.drop(IMAGE, await aPng({ seed: 2 }))
  expect(await world.superseded()).toEqual([{ job_id: first, outcome: 'cancelled' }])
  expect(await world.stoppedBy(first)).toBe('ingest')
})

test('the run of an image costs no request for that', async () => {
  const requests: string[] = []
  const world: World = await aLateSidecar({
    inputFaults: { before: (operation, key) => void requests.push(`${operation} ${key}`) },
  })
  await world.ingest(s3Event(world.image))
  requests.length = 0
  await world.ingest(s3Event(world.image))
  expect(requests).toEqual([`head ${IMAGE}`, 'list images/a.'])
})
