import { describe, expect, test } from 'vitest'
import { ORDERS_PREFIX } from '../../../shared/contracts/bucket-layout.ts'
import { aPng } from '../../fixtures/images.ts'
import { aLateSidecar, IMAGE, MANIFEST, NAMES_IMAGE, OTHER, SIDECAR } from './a-late-sidecar.ts'
import { s3Event } from './ingest-setup.ts'
import { jobAt, type Setup, withFirstJob } from './with-first-job.ts'

const HALF_AN_HOUR = 30 * 60_000

describe('a job that another upload ordered too', () => {
  test('is kept when a manifest ordered it before the image', async () => {
    const setup = await aLateSidecar()
    await setup.upload(MANIFEST, NAMES_IMAGE)
    await setup.ingest(s3Event(setup.image))
    const first = jobAt(setup, 0)
    await setup.upload(SIDECAR, OTHER)
    expect(await setup.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
    expect(await setup.stoppedBy(first.job_id)).toBeNull()
  })

  test('is kept when a manifest ordered it after the image', async () => {
    const { setup, first } = await withFirstJob()
    await setup.upload(MANIFEST, NAMES_IMAGE)
    await setup.upload(SIDECAR, OTHER)
    expect(await setup.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
    expect(await setup.stoppedBy(first.job_id)).toBeNull()
  })

  test('is kept when an image of the same pixels under another name ordered it', async () => {
    const { setup, first } = await withFirstJob()
    await setup.upload('images/b.png', await aPng())
    await setup.upload(SIDECAR, OTHER)
    expect(await setup.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
    expect(await setup.stoppedBy(first.job_id)).toBeNull()
  })

  test.each(['before', 'after'])(
    'is kept as long as the report of a manifest uploaded %s the image names it',
    async (when) => {
      const setup = await aLateSidecar()
      const image = s3Event(setup.image)
      if (when === 'after') await setup.ingest(image)
      await setup.upload(MANIFEST, NAMES_IMAGE)
      if (when === 'before') await setup.ingest(image)
      const first = jobAt(setup, 0)
      setup.wait(HALF_AN_HOUR)
      await setup.upload(SIDECAR, OTHER)
      expect(await setup.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])

      const given = await aLateSidecar()
      if (when === 'after') await given.ingest(s3Event(given.image))
      await given.upload(MANIFEST, NAMES_IMAGE)
      if (when === 'before') await given.ingest(s3Event(given.image))
      await given.upload(MANIFEST, '{"items": [{"image": "images/a.png", "parameters": {"fps": 24}}]}')
      given.wait(HALF_AN_HOUR)
      await given.upload(SIDECAR, OTHER)
      expect(await given.superseded()).toEqual([{ job_id: first.job_id, outcome: 'cancelled' }])
      expect(await given.stoppedBy(first.job_id)).toBe('ingest')
    },
  )

  test('is kept whichever of its two messages a worker took', async () => {
    const { setup, first } = await withFirstJob()
    setup.wait(HALF_AN_HOUR)
    await setup.upload(MANIFEST, NAMES_IMAGE)
    await setup.setState(jobAt(setup, 1), 'rendering')
    setup.wait(HALF_AN_HOUR)
    await setup.upload(SIDECAR, OTHER)
    expect(await setup.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
    // The manifest is the origin now, but the image's order is still recorded.
    await setup.upload(SIDECAR, '{}')
    expect((await setup.report(IMAGE))?.jobs).toMatchObject([{ job_id: first.job_id }])
  })

  test("is kept when both uploads ordered it first and a worker took the image's message", async () => {
    let armed = true
    const setup: Setup = await aLateSidecar({
      queueFaults: {
        async before() {
          if (!armed) return
          armed = false
          await setup.upload(MANIFEST, NAMES_IMAGE)
        },
      },
    })
    await setup.ingest(s3Event(setup.image))
    const first = jobAt(setup, 1)
    expect(first.origin.key).toBe(IMAGE)
    await setup.setState(first, 'rendering')
    await setup.upload(SIDECAR, OTHER)
    expect(await setup.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
    expect(await setup.stoppedBy(first.job_id)).toBeNull()
  })

  test.each([1, 60_000])(
    'is cancelled when late sidecars replaced it for both uploads, %d ms apart',
    async (ms) => {
      const { setup, first } = await withFirstJob()
      await setup.upload('images/b.png', await aPng())
      setup.wait(ms)
      await setup.upload(SIDECAR, OTHER)
      expect(await setup.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
      setup.wait(ms)
      await setup.upload('images/b.json', OTHER)
      expect((await setup.report('images/b.png'))?.superseded).toEqual([
        { job_id: first.job_id, outcome: 'cancelled' },
      ])
      expect(await setup.stoppedBy(first.job_id)).toBe('ingest')
    },
  )

  test('is kept while its last order is young and the only report of that upload is earlier', async () => {
    let armed = false
    const { setup, first } = await withFirstJob({
      outputFaults: {
        after(operation, key) {
          if (armed && operation === 'put' && key.startsWith(ORDERS_PREFIX))
            throw new Error('the function ends')
        },
      },
    })
    await setup.upload(MANIFEST, '{"items": [{"image": "images/a.png", "parameters": {"fps": 24}}]}')
    setup.wait(60_000)
    armed = true
    await expect(setup.upload(MANIFEST, NAMES_IMAGE)).rejects.toThrow('1 of 1 objects could not be ingested')
    armed = false
    await setup.upload(SIDECAR, OTHER)
    expect(await setup.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
  })

  test('has recorded orders, while a new job of the manifest has none', async () => {
    const { setup, first } = await withFirstJob()
    await setup.upload(
      MANIFEST,
      '{"items": [{"image": "images/a.png"}, {"image": "images/a.png", "parameters": {"fps": 24}}]}',
    )
    const orders = setup.output.keys().filter((key) => key.startsWith(ORDERS_PREFIX))
    expect(orders.map((key) => key.split('/')[1])).toEqual([first.job_id, first.job_id])
  })
})

describe('a job that a user cancelled', () => {
  test('stays cancelled when a manifest orders it again', async () => {
    const { setup, first } = await withFirstJob()
    await setup.cancelByPerson(first)
    await setup.end(first, 'cancelled')
    await setup.upload(MANIFEST, NAMES_IMAGE)
    expect(setup.sent()).toEqual([first.job_id])
    expect(setup.hasResult(first.job_id)).toBe(true)
    expect(await setup.stoppedBy(first.job_id)).toBe('person')
    expect((await setup.report(MANIFEST))?.jobs).toMatchObject([{ done_before: true }])
  })

  test.each(['queued', 'cancelled'] as const)(
    'is reported as cancelled, although a manifest orders it, while it is %s',
    async (state) => {
      const { setup, first } = await withFirstJob()
      await setup.upload(MANIFEST, NAMES_IMAGE)
      await setup.cancelByPerson(first)
      if (state === 'cancelled') await setup.end(first, state)
      await setup.upload(SIDECAR, '{')
      expect(await setup.superseded()).toEqual([{ job_id: first.job_id, outcome: 'cancelled' }])
      expect((await setup.report(IMAGE))?.faults.at(-1)?.message).toContain(`${first.job_id} (cancelled)`)
      expect(await setup.stoppedBy(first.job_id)).toBe('person')
    },
  )

  test('stays cancelled by the user when a sidecar supersedes it and a manifest orders it', async () => {
    const { setup, first } = await withFirstJob()
    await setup.cancelByPerson(first)
    await setup.upload(SIDECAR, OTHER)
    expect(await setup.superseded()).toEqual([{ job_id: first.job_id, outcome: 'cancelled' }])
    await setup.upload(MANIFEST, NAMES_IMAGE)
    expect(await setup.stoppedBy(first.job_id)).toBe('person')
  })
})
