import { describe, expect, test } from 'vitest'
import { CANCEL_PREFIX, reportKey } from '../../../shared/contracts/bucket-layout.ts'
import { aPng } from '../../fixtures/images.ts'
import { aLateSidecar, IMAGE, MANIFEST, OTHER, SIDECAR } from './a-late-sidecar.ts'
import { s3Event } from './ingest-setup.ts'
import { untilIngested } from './until-ingested.ts'

type Setup = Awaited<ReturnType<typeof aLateSidecar>>

interface NewerImage {
  readonly versioned?: boolean
  readonly content: Uint8Array
  readonly metadata?: Readonly<Record<string, string>>
}

/** Runs ingest on a sidecar; a newer image is uploaded and ingested just before the report is written. */
const overtakenBy = async ({ versioned = false, content, metadata = {} }: NewerImage) => {
  let armed = false
  const setup: Setup = await aLateSidecar({
    versioned,
    outputFaults: {
      async before(operation, key) {
        if (!armed || operation !== 'head' || key !== reportKey(IMAGE)) return
        armed = false
        setup.wait(1_000)
        await setup.ingest(s3Event(await setup.put(IMAGE, content, { metadata })))
      },
    },
  })
  await setup.ingest(s3Event(setup.image))
  const sidecar = await setup.put(SIDECAR, OTHER)
  armed = true
  const rounds = await untilIngested(setup, [sidecar])
  return { setup, rounds, newest: (await setup.report(IMAGE)) ?? expect.fail('no report') }
}

describe('a sidecar run leaves the report to a newer image that is ingested meanwhile', () => {
  test.each([false, true])(
    'when the newer image has other content, in a bucket with versions: %s',
    async (versioned) => {
      const content = await aPng({ seed: 2 })
      const { setup, rounds, newest } = await overtakenBy({ versioned, content })
      expect(rounds).toBe(1)
      const info = await setup.input.head(IMAGE, new AbortController().signal)
      expect(newest).toMatchObject({ etag: info?.etag, version_id: info?.versionId, state: 'accepted' })
      expect(newest.sequencer).not.toBeNull()
      expect(setup.told.at(-1)).toEqual({ type: 'skipped', key: IMAGE, reason: 'changed' })
      const [job] = newest.jobs
      expect(setup.jobs().find(({ job_id }) => job_id === job?.job_id)?.origin.etag).toBe(info?.etag)
      expect(await setup.stoppedBy(job?.job_id ?? '')).toBeNull()
      // No upload requested the old image with the new sidecar.
      const mixed = setup.sent().find((jobId) => ![setup.sent()[0], job?.job_id].includes(jobId)) ?? ''
      expect(newest.superseded).toEqual([{ job_id: mixed, outcome: 'cancelled' }])
      expect(await setup.stoppedBy(mixed)).toBe('ingest')
      expect(await setup.stoppedBy(setup.sent()[0] ?? '')).toBeNull()
    },
  )

  test('when the newer image has the same content and other arguments', async () => {
    const { setup, newest } = await overtakenBy({
      content: await aPng(),
      metadata: { 'svd-seed': '5' },
    })
    const [job] = newest.jobs
    expect(setup.jobs().find(({ job_id }) => job_id === job?.job_id)?.parameters).toMatchObject({
      seed: 5,
      fps: 12,
    })
    expect(await setup.stoppedBy(job?.job_id ?? '')).toBeNull()
  })
})

describe('a clip of the old image with the new sidecar, when both are overwritten', () => {
  const bothOverwritten = async (afterMs: number) => {
    const setup = await aLateSidecar()
    await setup.put(SIDECAR, OTHER)
    await setup.ingest(s3Event(setup.image))
    const [first = ''] = setup.sent()
    await setup.upload(SIDECAR, '{"parameters": {"fps": 24}}')
    const [, mixed = ''] = setup.sent()
    setup.wait(afterMs)
    await setup.upload(IMAGE, await aPng({ seed: 2 }))
    const [, , last = ''] = setup.sent()
    return { setup, first, mixed, last }
  }

  test('is cancelled, although the event of the sidecar came before that of the image', async () => {
    const { setup, mixed, last } = await bothOverwritten(60_000)
    expect(await setup.report(IMAGE)).toMatchObject({
      ...{ state: 'accepted', jobs: [{ job_id: last }] },
      superseded: [{ job_id: mixed, outcome: 'cancelled' }],
    })
    expect(await setup.stoppedBy(mixed)).toBe('ingest')
    expect(await setup.stoppedBy(last)).toBeNull()
    expect(setup.jobs()[2]?.parameters.fps).toBe(24)
  })

  test('is kept when the image comes half an hour later, because that is an order of its own', async () => {
    const { setup, mixed } = await bothOverwritten(30 * 60_000)
    expect(await setup.superseded()).toEqual([])
    expect(await setup.stoppedBy(mixed)).toBeNull()
  })

  test('is kept when a manifest orders it', async () => {
    const setup = await aLateSidecar()
    await setup.put(SIDECAR, OTHER)
    await setup.ingest(s3Event(setup.image))
    await setup.upload(SIDECAR, '{"parameters": {"fps": 24}}')
    const [, mixed = ''] = setup.sent()
    await setup.upload(MANIFEST, '{"items": [{"image": "images/a.png", "parameters": {"fps": 24}}]}')
    await setup.upload(IMAGE, await aPng({ seed: 2 }))
    expect(await setup.superseded()).toEqual([{ job_id: mixed, outcome: 'kept' }])
    expect(await setup.stoppedBy(mixed)).toBeNull()
  })
})

test('the report on an overwriting image decides a pending job that an earlier run left', async () => {
  let armed = false
  const setup = await aLateSidecar({
    outputFaults: {
      before(operation, key) {
        if (armed && operation === 'create' && key.startsWith(CANCEL_PREFIX))
          throw new Error('the function ends')
      },
    },
  })
  await setup.ingest(s3Event(setup.image))
  const [first = ''] = setup.sent()
  armed = true
  await expect(setup.upload(SIDECAR, OTHER)).rejects.toThrow('1 of 1 objects could not be ingested')
  armed = false
  expect(await setup.superseded()).toEqual([{ job_id: first, outcome: 'pending' }])
  setup.wait(60 * 60_000)
  await setup.upload(IMAGE, await aPng({ seed: 2 }))
  expect(await setup.superseded()).toEqual([{ job_id: first, outcome: 'cancelled' }])
  expect(await setup.stoppedBy(first)).toBe('ingest')
})

test('an image run makes no additional request to find superseded jobs', async () => {
  const requests: string[] = []
  const setup: Setup = await aLateSidecar({
    inputFaults: { before: (operation, key) => void requests.push(`${operation} ${key}`) },
  })
  await setup.ingest(s3Event(setup.image))
  requests.length = 0
  await setup.ingest(s3Event(setup.image))
  expect(requests).toEqual([`head ${IMAGE}`, 'list images/a.'])
})
