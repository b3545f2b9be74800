import { describe, expect, test } from 'vitest'
import { EVENT_VISIBILITY_SECONDS, LATELY_MS } from '../../../functions/ingest/event-times.ts'
import { INDEX_COUNTS_KEY, reportKey } from '../../../shared/contracts/bucket-layout.ts'
import type { JobMessage } from '../../../shared/contracts/job-message.ts'
import { aLateSidecar, IMAGE, MANIFEST, NAMES_IMAGE, OTHER, SIDECAR } from './a-late-sidecar.ts'
import { s3Event } from './ingest-setup.ts'
import { untilIngested } from './until-ingested.ts'

type Setup = Awaited<ReturnType<typeof aLateSidecar>>

const VISIBILITY_MS = EVENT_VISIBILITY_SECONDS * 1_000

const gridOf = (seeds: number): string =>
  JSON.stringify({ grid: { seed: Array.from({ length: seeds }, (_, index) => index + 1) } })

/** Jobs of an image that a sidecar superseded, and that workers have stopped. */
const cancelledJobs = async (
  seeds: number,
  options: Parameters<typeof aLateSidecar>[0] = {},
): Promise<{ readonly setup: Setup; readonly jobs: readonly JobMessage[] }> => {
  const setup = await aLateSidecar(options)
  await setup.put(SIDECAR, gridOf(seeds))
  await setup.ingest(s3Event(setup.image))
  const jobs = setup.jobs()
  expect(jobs).toHaveLength(seeds)
  await setup.upload(SIDECAR, OTHER)
  for (const job of jobs) await setup.end(job, 'cancelled')
  return { setup, jobs }
}

const sentSince = ({ sent }: Setup, before: number): readonly string[] => sent().slice(before)

describe('a cancelled job that is ordered again', () => {
  test.each([1, 3])('by a sidecar with a grid of %d is sent once', async (seeds) => {
    const { setup, jobs } = await cancelledJobs(seeds)
    const before = setup.sent().length
    const sidecar = await setup.put(SIDECAR, gridOf(seeds))
    expect(await untilIngested(setup, [sidecar])).toBe(1)
    await untilIngested(setup, [sidecar, setup.image, sidecar])
    expect(sentSince(setup, before)).toEqual(jobs.map(({ job_id }) => job_id))
    for (const { job_id } of jobs) expect(setup.hasResult(job_id)).toBe(false)
  })

  test('by a manifest with a repeated event is sent once', async () => {
    const { setup, jobs } = await cancelledJobs(1)
    const before = setup.sent().length
    const [first] = jobs
    const manifest = await setup.put(
      MANIFEST,
      '{"items": [{"image": "images/a.png", "parameters": {"seed": 1}}]}',
    )
    expect(await untilIngested(setup, [manifest])).toBe(1)
    setup.wait(VISIBILITY_MS)
    await untilIngested(setup, [manifest])
    expect(sentSince(setup, before)).toEqual([first?.job_id])
  })

  test('is sent again when the event is repeated after a time in which the message may be lost', async () => {
    const { setup, jobs } = await cancelledJobs(1)
    const before = setup.sent().length
    const manifest = await setup.put(
      MANIFEST,
      '{"items": [{"image": "images/a.png", "parameters": {"seed": 1}}]}',
    )
    await untilIngested(setup, [manifest])
    setup.wait(LATELY_MS)
    await untilIngested(setup, [manifest])
    expect(sentSince(setup, before)).toEqual([jobs[0]?.job_id, jobs[0]?.job_id])
  })

  test('is sent once by the next run when a run ended before it sent the message', async () => {
    let armed = false
    const { setup, jobs } = await cancelledJobs(1, {
      queueFaults: {
        before() {
          if (!armed) return
          armed = false
          throw new Error('the function ends')
        },
      },
    })
    const before = setup.sent().length
    armed = true
    expect(await untilIngested(setup, [await setup.put(SIDECAR, gridOf(1))])).toBe(2)
    expect(sentSince(setup, before)).toEqual([jobs[0]?.job_id])
  })
})

test('ingest removes a cancel marker that another run writes before the report, and sends nothing twice', async () => {
  let armed = false
  const { setup, jobs } = await cancelledJobs(1, {
    outputFaults: {
      async before(operation, key) {
        if (!armed || operation !== 'replace' || key !== reportKey(IMAGE)) return
        armed = false
        await setup.cancelByIngest(jobs[0] ?? expect.fail('no job'))
      },
    },
  })
  const before = setup.sent().length
  const sidecar = await setup.put(SIDECAR, gridOf(1))
  armed = true
  expect(await untilIngested(setup, [sidecar])).toBe(2)
  expect(sentSince(setup, before)).toEqual([jobs[0]?.job_id])
  expect(await setup.stoppedBy(jobs[0]?.job_id ?? '')).toBeNull()
})

test.each([
  ['the visibility timeout', VISIBILITY_MS, 0],
  ['nearly the time in which messages may be lost', LATELY_MS - 1, 0],
  ['the time in which messages may be lost', LATELY_MS, 1],
])('a repeated event after %s, %d ms, sends a waiting job %d times again', async (_, ms, sent) => {
  const setup = await aLateSidecar()
  const manifest = await setup.put(MANIFEST, NAMES_IMAGE)
  await setup.ingest(s3Event(manifest))
  setup.wait(ms)
  await setup.ingest(s3Event(manifest))
  await setup.ingest(s3Event(manifest))
  expect(setup.sent()).toHaveLength(1 + sent)
  if (sent === 0) return
  // Its status is as old as before; the order records that the message was sent.
  setup.wait(VISIBILITY_MS)
  await setup.ingest(s3Event(manifest))
  expect(setup.sent()).toHaveLength(2)
})

test('ingest counts the index again with at most eight writes for a hundred cancelled jobs', async () => {
  let writes = 0
  const { setup, jobs } = await cancelledJobs(100, {
    outputFaults: {
      before(operation, key) {
        if (operation !== 'read' && key === INDEX_COUNTS_KEY) writes += 1
      },
    },
  })
  writes = 0
  const before = setup.sent().length
  await untilIngested(setup, [
    await setup.put(MANIFEST, NAMES_IMAGE.replace(']', `], ${gridOf(100).slice(1, -1)}`)),
  ])
  expect(sentSince(setup, before)).toHaveLength(jobs.length)
  expect(writes).toBeLessThanOrEqual(8)
})

test('a run that ends midway keeps the jobs that it sent, and the next run sends the others', async () => {
  let sends = Number.NEGATIVE_INFINITY
  let archived = 0
  const { setup, jobs } = await cancelledJobs(300, {
    queueFaults: {
      before() {
        sends += 1
        if (sends === 2) throw new Error('the function ends')
      },
    },
    outputFaults: {
      before(operation, key) {
        if (operation === 'create' && key.includes('/failures/')) archived += 1
      },
    },
  })
  const before = setup.sent().length
  sends = 0
  const manifest = await setup.put(MANIFEST, NAMES_IMAGE.replace(']', `], ${gridOf(300).slice(1, -1)}`))
  await expect(setup.ingest(s3Event(manifest))).rejects.toThrow('1 of 1 objects could not be ingested')
  expect(sentSince(setup, before)).toHaveLength(100)
  setup.wait(VISIBILITY_MS)
  await setup.ingest(s3Event(manifest))
  expect(sentSince(setup, before).toSorted()).toEqual(jobs.map(({ job_id }) => job_id).toSorted())
  expect(archived).toBe(300)
})
