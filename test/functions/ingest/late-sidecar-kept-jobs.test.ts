import { describe, expect, test } from 'vitest'
import { ORDERS_PREFIX } from '../../../shared/contracts/bucket-layout.ts'
import { aPng } from '../../fixtures/pictures.ts'
import { aLateSidecar, IMAGE, MANIFEST, NAMES_IMAGE, OTHER, SIDECAR } from './a-late-sidecar.ts'
import { s3Event } from './a-world.ts'
import { jobAt, type World, withFirstJob } from './with-first-job.ts'

const HALF_AN_HOUR = 30 * 60_000

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
