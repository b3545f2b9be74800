import { describe, expect, test } from 'vitest'
import { isOrderedElsewhere, recordOrder } from '../../../functions/ingest/job-orders.ts'
import { writeReport } from '../../../functions/ingest/write-report.ts'
import { orderKey, statusKey } from '../../../shared/contracts/bucket-layout.ts'
import type { JobMessage } from '../../../shared/contracts/job-message.ts'
import { queuedStatus } from '../../../shared/contracts/status-record.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { anIngestReport } from '../../fixtures/job-records.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { ingestSetup } from './ingest-setup.ts'

const IMAGE = 'images/a.png'
const MANIFEST = 'manifests/m.json'
const MINUTE = 60_000
/** The start of the setup's clock. */
const SUBMITTED_AT = '2026-01-02T03:04:05.000Z'

const orderedBy = (key: string): JobMessage => {
  const job = aJobMessage({ submittedAt: SUBMITTED_AT })
  return { ...job, origin: { ...job.origin, key } }
}

const firstOrderBy = (key: string) => {
  const { origin, submitted_at } = orderedBy(key)
  return { origin, submitted_at }
}

const { job_id: JOB_ID } = aJobMessage()

/** A setup with the status of a job, whose origin is given. */
const aJobOf = async (origin: string) => {
  const setup = ingestSetup()
  const { output } = setup
  const status = new TextEncoder().encode(JSON.stringify(queuedStatus(orderedBy(origin), new Date(0))))
  await output.put(statusKey(JOB_ID), status, { contentType: 'application/json' }, unaborted)
  return {
    ...setup,
    record: (key: string, first: string) =>
      recordOrder(setup.deps, orderedBy(key), firstOrderBy(first), unaborted),
    report: (key: string, jobIds: readonly string[]) => {
      const [job] = anIngestReport().jobs
      const jobs = jobIds.map((job_id) => ({ ...(job ?? expect.fail('no job')), job_id }))
      const reported_at = setup.deps.now().toISOString()
      return writeReport(output, anIngestReport({ key, jobs, reported_at }), unaborted)
    },
    isOrderedElsewhere: () => isOrderedElsewhere(setup.deps, JOB_ID, IMAGE, unaborted),
  }
}

describe('a job whose status names another upload', () => {
  test('is ordered elsewhere until 30 minutes have passed without a report of that upload', async () => {
    const setup = await aJobOf(MANIFEST)
    setup.wait(29 * MINUTE)
    expect(await setup.isOrderedElsewhere()).toBe(true)
    setup.wait(MINUTE)
    expect(await setup.isOrderedElsewhere()).toBe(false)
  })

  test("is ordered elsewhere as long as that upload's report names it", async () => {
    const setup = await aJobOf(MANIFEST)
    setup.wait(30 * MINUTE)
    await setup.report(MANIFEST, [JOB_ID])
    expect(await setup.isOrderedElsewhere()).toBe(true)
    await setup.report(MANIFEST, ['f'.repeat(32)])
    expect(await setup.isOrderedElsewhere()).toBe(false)
  })
})

describe('the report on the other upload', () => {
  test('decides whether the job is ordered elsewhere if it is later than the order', async () => {
    const setup = await aJobOf(MANIFEST)
    setup.wait(MINUTE)
    await setup.report(MANIFEST, ['f'.repeat(32)])
    expect(await setup.isOrderedElsewhere()).toBe(false)
    await setup.record(MANIFEST, IMAGE)
    expect(await setup.isOrderedElsewhere()).toBe(true)
    setup.wait(MINUTE)
    await setup.report(MANIFEST, ['f'.repeat(32)])
    expect(await setup.isOrderedElsewhere()).toBe(false)
  })

  test("decides also when the first upload's order was recorded after it by another upload", async () => {
    const setup = await aJobOf(MANIFEST)
    setup.wait(MINUTE)
    await setup.report(MANIFEST, ['f'.repeat(32)])
    setup.wait(MINUTE)
    await setup.record(IMAGE, MANIFEST)
    expect(await setup.isOrderedElsewhere()).toBe(false)
  })
})

describe('a job with a recorded order of another upload', () => {
  test('is ordered elsewhere until 30 minutes have passed without a report of that upload', async () => {
    const setup = await aJobOf(IMAGE)
    await setup.record(MANIFEST, IMAGE)
    setup.wait(29 * MINUTE)
    expect(await setup.isOrderedElsewhere()).toBe(true)
    setup.wait(MINUTE)
    expect(await setup.isOrderedElsewhere()).toBe(false)
  })

  test('is ordered elsewhere again when the order is repeated', async () => {
    const setup = await aJobOf(IMAGE)
    await setup.record(MANIFEST, IMAGE)
    setup.wait(60 * MINUTE)
    await setup.record(MANIFEST, IMAGE)
    expect(await setup.isOrderedElsewhere()).toBe(true)
  })

  test('is ordered elsewhere if the order cannot be parsed', async () => {
    const setup = await aJobOf(IMAGE)
    await setup.output.put(orderKey(JOB_ID, MANIFEST), new Uint8Array(1), { contentType: '' }, unaborted)
    setup.wait(60 * MINUTE)
    expect(await setup.isOrderedElsewhere()).toBe(true)
  })
})

test('a job that only this upload ordered is not ordered elsewhere', async () => {
  const setup = await aJobOf(IMAGE)
  await setup.record(IMAGE, IMAGE)
  expect(await setup.isOrderedElsewhere()).toBe(false)
})

test.each(['is missing', 'is of another version'])(
  'a job whose status %s is ordered elsewhere',
  async (how) => {
    const setup = await aJobOf(IMAGE)
    if (how === 'is missing') await setup.output.delete(statusKey(JOB_ID), unaborted)
    else await setup.output.put(statusKey(JOB_ID), new Uint8Array(1), { contentType: '' }, unaborted)
    expect(await setup.isOrderedElsewhere()).toBe(true)
  },
)

describe('the origin of a job', () => {
  test("gets no recorded order while the job's status is younger than 15 minutes", async () => {
    const setup = await aJobOf(MANIFEST)
    setup.wait(14 * MINUTE)
    await setup.record(MANIFEST, MANIFEST)
    expect(setup.output.keys()).not.toContain(orderKey(JOB_ID, MANIFEST))
    setup.wait(MINUTE)
    await setup.record(MANIFEST, MANIFEST)
    expect(setup.output.keys()).toContain(orderKey(JOB_ID, MANIFEST))
  })

  test('gets one recorded order beside the first order of another upload', async () => {
    const setup = await aJobOf(MANIFEST)
    await setup.record(IMAGE, MANIFEST)
    await setup.record(IMAGE, MANIFEST)
    const written = setup.output.writes.map(({ key }) => key)
    expect(written.filter((key) => key === orderKey(JOB_ID, MANIFEST))).toHaveLength(1)
    expect(written.filter((key) => key === orderKey(JOB_ID, IMAGE))).toHaveLength(2)
  })
})
