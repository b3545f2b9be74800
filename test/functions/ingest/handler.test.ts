import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundleFunction } from '../../../infra/functions/bundle-function.ts'
import { INGEST_BUNDLE } from '../../../infra/functions/bundles.ts'
import { openS3Client, openSqsClient } from '../../../shared/aws/clients.ts'
import { openS3ObjectStore } from '../../../shared/aws/s3-object-store.ts'
import { openSqsMessageQueue } from '../../../shared/aws/sqs-message-queue.ts'
import { modelRecordKey, reportKey } from '../../../shared/contracts/bucket-layout.ts'
import { ingestReportSchema } from '../../../shared/contracts/ingest-report.ts'
import { jobMessageSchema } from '../../../shared/contracts/job-message.ts'
import { startEmbeddedEndpoint } from '../../../worker/local/embedded-endpoint.ts'
import { aPng } from '../../fixtures/images.ts'
import { aModelRecord } from '../../fixtures/model-record.ts'
import { s3Event, sqsEvent } from './ingest-setup.ts'

const SIGNAL = new AbortController().signal

/** Calls the handler as Lambda does, but reads the event from a file and writes the answer into one. */
const CALLER = `
const { readFileSync, writeFileSync } = require('node:fs')
const { handler } = require('./index.js')
const context = { awsRequestId: 'request-1', functionName: 'ingest', getRemainingTimeInMillis: () => 60_000 }
const event = JSON.parse(readFileSync('event.json', 'utf8'))
handler(event, context).then((answer) => writeFileSync('answer.json', JSON.stringify(answer ?? null)))
`

let folder: string
/** Files that are part of it, from the project's root. */
let inputs: readonly string[]

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'svd-test-'))
  inputs = bundleFunction(INGEST_BUNDLE, folder).inputs
  await writeFile(path.join(folder, 'caller.cjs'), CALLER)
})

afterAll(() => rm(folder, { recursive: true, force: true }))

test("the ingest bundle has sharp for Lambda's platform, in the version that the tests use", async () => {
  const versionIn = async (place: string): Promise<string> =>
    JSON.parse(await readFile(path.join(place, 'package.json'), 'utf8')).version
  const inBundle = path.join(folder, 'node_modules')

  expect(await readdir(path.join(inBundle, '@img'))).toEqual(
    expect.arrayContaining(['sharp-linux-x64', 'sharp-libvips-linux-x64']),
  )
  expect(await versionIn(path.join(inBundle, 'sharp'))).toBe(await versionIn('node_modules/sharp'))
})

test('the ingest bundle has no symbolic links, which a Lambda archive must not have', async () => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })

  expect(entries.filter((entry) => entry.isSymbolicLink())).toEqual([])
})

test('the ingest bundle contains no files of the worker, the tests or the infrastructure', () => {
  const ours = inputs.filter((file) => !file.includes('node_modules/'))
  expect(ours).toContain('functions/ingest/ingest-event.ts')
  expect(ours.filter((file) => !/^(functions\/(ingest\/|object-events\.ts)|shared\/)/.test(file))).toEqual([])
})

describe('the ingest bundle, called as Lambda calls it on the embedded endpoint', () => {
  test('ingests an upload and returns the failed messages to SQS', async () => {
    await using endpoint = await startEmbeddedEndpoint(0)
    const { inputBucket, outputBucket, jobsQueueUrl } = endpoint.deployment
    const config = {
      endpoint: endpoint.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    }
    const s3 = openS3Client(config)
    const input = openS3ObjectStore(s3, inputBucket)
    const output = openS3ObjectStore(s3, outputBucket)
    const put = (store: typeof input, key: string, body: Uint8Array | string, type: string) =>
      store.put(key, typeof body === 'string' ? Buffer.from(body) : body, { contentType: type }, SIGNAL)
    const record = JSON.stringify(aModelRecord())
    await put(output, modelRecordKey('tiny'), record, 'application/json')
    await put(input, 'images/a b.png', await aPng(), 'image/png')
    await put(input, 'images/a b.json', '{"parameters": {"fps": 12}}', 'application/json')

    const event = sqsEvent(s3Event({ bucket: inputBucket, key: 'images/a b.png' }), 'no event')
    await writeFile(path.join(folder, 'event.json'), JSON.stringify(event))
    const environment = { ...endpoint.environment, SVD_MODELS_BUCKET: outputBucket, SVD_MODEL_ID: 'tiny' }
    const { stdout, stderr } = await execa(process.execPath, ['caller.cjs'], {
      cwd: folder,
      env: environment,
    })

    expect(JSON.parse(await readFile(path.join(folder, 'answer.json'), 'utf8'))).toEqual({
      batchItemFailures: [{ itemIdentifier: 'message-2' }],
    })
    const stored = await output.read(reportKey('images/a b.png'), { maxBytes: 1e6 }, SIGNAL)
    const report = ingestReportSchema.parse(JSON.parse(Buffer.from(stored?.bytes ?? []).toString()))
    expect(report).toMatchObject({ state: 'accepted', faults: [] })
    const queue = openSqsMessageQueue(openSqsClient(config), jobsQueueUrl)
    const [message] = await queue.receive({ maxMessages: 10, waitSeconds: 0, visibilitySeconds: 1 }, SIGNAL)
    const job = jobMessageSchema.parse(JSON.parse(message?.body ?? ''))
    expect(job).toMatchObject({ job_id: report.jobs[0]?.job_id, parameters: { fps: 12 } })

    const lines = [...stdout.split('\n'), ...stderr.split('\n')].map((line) => JSON.parse(line))
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'INFO',
        message: 'ingested',
        key: 'images/a b.png',
        jobs: 1,
        queued: 1,
      }),
    )
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'ERROR', message: 'failed, will be tried again' }),
    )
    expect(lines).toContainEqual(
      expect.objectContaining({
        ...{ ObjectsAccepted: 1, JobsQueued: 1, ObjectsFailed: 1, service: 'ingest' },
        _aws: expect.objectContaining({
          CloudWatchMetrics: [expect.objectContaining({ Namespace: 'SvdBatch' })],
        }),
      }),
    )
  })
})
