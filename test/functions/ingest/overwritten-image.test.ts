import { describe, expect, test } from 'vitest'
import { reportKey } from '../../../shared/contracts/bucket-layout.ts'
import { aPng } from '../../fixtures/pictures.ts'
import { aLateSidecar, IMAGE, OTHER, SIDECAR } from './a-late-sidecar.ts'
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
