import { beforeAll, describe, expect, test } from 'vitest'
import { isOrderedElsewhere } from '../../../functions/ingest/job-orders.ts'
import { openS3Client } from '../../../shared/aws/clients.ts'
import { openS3ObjectStore } from '../../../shared/aws/s3-object-store.ts'
import { modelRecordKey, reportKey, resultKey } from '../../../shared/contracts/bucket-layout.ts'
import { ingestReportSchema } from '../../../shared/contracts/ingest-report.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { aPng } from '../../fixtures/images.ts'
import { aResult } from '../../fixtures/job-records.ts'
import { aModelRecord } from '../../fixtures/model-record.ts'
import { aLargePng } from '../../fixtures/rights/a-large-png.ts'
import { aPipeline, type Pipeline } from '../../fixtures/rights/a-pipeline.ts'
import { type Acting, actAs } from '../../fixtures/rights/act-as.ts'
import { countOldEntries } from '../../fixtures/rights/count-index.ts'
import { createTwiceInParts } from '../../fixtures/rights/store-in-parts.ts'
import { storedJson } from '../../fixtures/stored-json.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { s3Event, sqsEvent } from '../../functions/ingest/ingest-setup.ts'
import { synthesize, VARIANTS } from '../synthesized.ts'
import { rightsOf } from './permission-table.ts'
import { runFunction } from './run-function.ts'
import { unusedRights } from './unused-rights.ts'

const HOOK_MS = 120_000

const RIGHTS = rightsOf(synthesize(VARIANTS.kms).pipeline).filter(({ role }) => role === 'IngestRole')

/** Rights with which Lambda writes the function's log and traces, and reads S3 events from their queue. */
const USED_BY_LAMBDA = [/^logs:\S+ on IngestLog$/, /^xray:\S+ on \*$/, /^sqs:\S+ on DropsQueue$/]

const LONG_KEY = `images/${'long/'.repeat(200)}x.png`
const STATES = {
  'images/cat.png': 'accepted',
  'images/a b+ü.png': 'accepted',
  [LONG_KEY]: 'accepted',
  'images/noise.png': 'accepted',
  'images/late.png': 'accepted',
  'images/broken.png': 'rejected',
  'manifests/grid.json': 'partly',
  'manifests/lines.jsonl': 'partly',
  'manifests/empty.json': 'rejected',
  'elsewhere/x.png': 'rejected',
}

const uploadEverything = async ({ input, put }: Pipeline): Promise<void> => {
  const image = await aPng()
  for (const key of ['images/cat.png', 'images/a b+ü.png', LONG_KEY]) await put(input, key, image)
  await put(input, 'images/cat.json', { parameters: { fps: 12 }, grid: { seed: [1, 2] } })
  await put(input, 'images/dog.png', await aPng({ seed: 1 }), { 'svd-use': 'manifest' })
  await put(input, 'images/noise.png', await aLargePng(), { 'svd-fps': '9' })
  await put(input, 'images/late.png', await aPng({ seed: 2 }))
  await put(input, 'images/broken.png', Buffer.from('no image'))
  const items = [{ image: 'images/dog.png' }, { image: 'images/cat.png' }, { image: 'images/none.png' }]
  await put(input, 'manifests/grid.json', { items, grid: { seed: [1, 2, 3] } })
  const lines = ['{"image": "images/dog.png", "parameters": {"seed": 7}}', '{"image": 1}']
  await put(input, 'manifests/lines.jsonl', Buffer.from(lines.join('\n')))
  await put(input, 'manifests/empty.json', { items: [] })
}

/** S3 events of each upload, some repeated later, and of uploads that are deleted or that ingest skips. */
const EVENTS = [
  ...Object.keys(STATES).map((key) => sqsEvent(s3Event({ bucket: 'svd-input', key, sequencer: '01' }))),
  ...['images/dog.png', 'images/cat.json', 'images/gone.png', 'elsewhere/'].map((key) =>
    sqsEvent(s3Event({ bucket: 'svd-input', key })),
  ),
  ...['images/cat.png', 'images/broken.png', 'manifests/grid.json'].map((key) =>
    sqsEvent(s3Event({ bucket: 'svd-input', key, versionId: 'version-0', sequencer: '02' })),
  ),
]

const eventOf = (key: string) => sqsEvent(s3Event({ bucket: 'svd-input', key }))

/**
 * A late sidecar has a job cancelled, and a worker stops it. Then a manifest orders it, and its event is repeated.
 */
const cancelAndOrderAgain = async (
  { input, output, put }: Pipeline,
  environment: Readonly<Record<string, string>>,
): Promise<readonly unknown[]> => {
  const reportOf = async (key: string) => ingestReportSchema.parse(await storedJson(output, reportKey(key)))
  const [first] = (await reportOf('images/late.png')).jobs
  const { job_id } = first ?? expect.fail('images/late.png has no job')
  await put(input, 'images/late.json', { parameters: { fps: 12 } })
  const late = await runFunction('ingest', [eventOf('images/late.json')], environment)
  const { superseded } = await reportOf('images/late.png')
  await put(output, resultKey(job_id), aResult({ jobId: job_id, state: 'cancelled' }))
  await put(input, 'manifests/late.json', { items: [{ image: 'images/late.png' }] })
  const manifest = eventOf('manifests/late.json')
  const ordered = await runFunction('ingest', [manifest, manifest], environment)
  const result = await storedJson(output, resultKey(job_id))
  return [...late, superseded.map(({ outcome }) => outcome), ...ordered, result]
}

/** An hour later an order is old, so that the report of its upload decides. The function's clock is a real one. */
const isOrderedInAnHour = async ({ clientConfig, output }: Pipeline, at: string): Promise<boolean> => {
  const client = openS3Client({ ...clientConfig, endpoint: at })
  const setup = {
    output: openS3ObjectStore(client, output.bucket),
    now: () => new Date(Date.now() + 3_600_000),
  }
  try {
    const manifest = ingestReportSchema.parse(await storedJson(output, reportKey('manifests/late.json')))
    const [job] = manifest.jobs
    const { job_id } = job ?? expect.fail('manifests/late.json has no job')
    return await isOrderedElsewhere(setup, job_id, 'images/late.png', unaborted)
  } finally {
    client.destroy()
  }
}

describe('ingest with the rights of its role', () => {
  let acting: Acting
  let answers: unknown
  let missing: unknown
  let counted: unknown
  let again: unknown
  let isOrdered: unknown
  const inParts: unknown[] = []
  const states: Record<string, unknown> = {}

  const stateOf = async (output: ObjectStore, key: string): Promise<unknown> =>
    ((await storedJson(output, reportKey(key))) as { state?: unknown } | null)?.state

  beforeAll(async () => {
    await using pipeline = await aPipeline()
    const record = aModelRecord()
    await pipeline.put(pipeline.models, modelRecordKey(record.model_id), record)
    await uploadEverything(pipeline)
    acting = await actAs(pipeline.url, { rights: RIGHTS })
    const environment = { ...pipeline.environment(acting.url), SVD_MODEL_ID: record.model_id }
    answers = await runFunction('ingest', EVENTS, environment).catch(String)
    again = await cancelAndOrderAgain(pipeline, environment).catch(String)
    isOrdered = await isOrderedInAnHour(pipeline, acting.url).catch(String)
    missing = await runFunction('ingest', EVENTS, { ...environment, SVD_MODEL_ID: 'none' }).catch(String)
    for (const key of ['inputs/large.png', 'reports/manifests/large.json.json']) {
      const place = { bucket: 'svd-output', key }
      inParts.push(await createTwiceInParts(pipeline, acting.url, place).catch(String))
    }
    counted = await countOldEntries(pipeline, acting.url).catch(String)
    for (const key of Object.keys(STATES)) states[key] = await stateOf(pipeline.output, key)
    await acting[Symbol.asyncDispose]()
  }, HOOK_MS)

  test('is denied no request', () => {
    expect([...acting.refused]).toEqual([])
  })

  test('ingests every upload', () => {
    expect(answers).toEqual(EVENTS.map(() => ({ batchItemFailures: [] })))
    expect(states).toEqual(STATES)
    expect(inParts).toEqual([
      [true, false],
      [true, false],
    ])
    expect(counted).toBe(true)
  })

  test('cancels a job that a late sidecar supersedes, and queues it again when a manifest orders it', () => {
    expect(again).toEqual([
      { batchItemFailures: [] },
      ['cancelled'],
      { batchItemFailures: [] },
      { batchItemFailures: [] },
      null,
    ])
  })

  test('finds an old order of a job', () => {
    expect(isOrdered).toBe(true)
  })

  test('distinguishes a missing model from a denied read', () => {
    expect(missing).toContain('the bucket svd-models has no model none')
  })

  test('uses every right except those that Lambda itself uses', () => {
    expect(unusedRights(RIGHTS, acting, USED_BY_LAMBDA)).toEqual([])
  })
})
