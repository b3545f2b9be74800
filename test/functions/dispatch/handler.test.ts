import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleFunction } from '../../../infra/functions/bundle-function.ts'
import { DISPATCH_BUNDLE } from '../../../infra/functions/bundles.ts'
import { openS3Client, openSqsClient } from '../../../shared/aws/clients.ts'
import { openS3ObjectStore } from '../../../shared/aws/s3-object-store.ts'
import { openSqsMessageQueue } from '../../../shared/aws/sqs-message-queue.ts'
import { DISPATCH_STATE_KEY, modelRecordKey } from '../../../shared/contracts/bucket-layout.ts'
import { startEmbeddedEndpoint } from '../../../worker/local/embedded-endpoint.ts'
import { openScriptedEndpoint } from '../../fixtures/scripted-endpoint.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

/** Calls the handler twice, as Lambda does. */
const CALLER = `
const { handler } = require('./index.js')
const context = { awsRequestId: 'request-1', functionName: 'dispatch', getRemainingTimeInMillis: () => 60_000 }
const event = { id: 'event-1', time: '2026-01-02T03:04:00Z', source: 'aws.events', detail: {} }
handler(event, context).then(() => handler(event, context))
`

let folder: string
/** Files that are part of it, from the project's root. */
let inputs: readonly string[]

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'svd-test-'))
  inputs = bundleFunction(DISPATCH_BUNDLE, folder).inputs
  await writeFile(path.join(folder, 'caller.cjs'), CALLER)
})

afterAll(() => rm(folder, { recursive: true, force: true }))

test('the dispatch bundle contains no files of the worker, the tests or the infrastructure', () => {
  const ours = inputs.filter((file) => !file.includes('node_modules/'))
  expect(ours).toContain('functions/dispatch/dispatch-workers.ts')
  expect(ours.filter((file) => !/^(functions\/dispatch|shared)\//.test(file))).toEqual([])
})

test('the dispatch bundle, called as Lambda calls it, starts one first worker for the queued messages', async () => {
  await using endpoint = await startEmbeddedEndpoint(0)
  const { outputBucket, jobsQueueUrl } = endpoint.deployment
  const config = {
    ...{ endpoint: endpoint.url, region: 'us-east-1' },
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  }
  const queue = openSqsMessageQueue(openSqsClient(config), jobsQueueUrl)
  await queue.send(
    Array.from({ length: 25 }, (_, n) => ({ body: `job ${n}`, groupId: 'images' })),
    unaborted,
  )
  const json = { contentType: 'application/json' }
  const output = openS3ObjectStore(openS3Client(config), outputBucket)
  await output.put(modelRecordKey('svd-xt'), Buffer.from('{}'), json, unaborted)
  const submitted: string[] = []
  const batch = await openScriptedEndpoint(({ url, body }) => {
    const answer = (content: unknown) => ({ status: 200, body: JSON.stringify(content) })
    const { jobName, jobStatus } = JSON.parse(body)
    if (url === '/v1/submitjob') return answer({ jobName, jobId: `job-${submitted.push(jobName)}` })
    const listed = jobStatus === 'RUNNABLE' ? submitted : []
    return answer({ jobSummaryList: listed.map((name, n) => ({ jobName: name, jobId: `job-${n + 1}` })) })
  })

  const { stdout } = await execa(process.execPath, ['caller.cjs'], {
    cwd: folder,
    env: {
      ...endpoint.environment,
      AWS_ENDPOINT_URL_BATCH: batch.url,
      SVD_BATCH_JOB_QUEUE: 'workers',
      SVD_BATCH_JOB_DEFINITION: 'worker:1',
      SVD_BATCH_USD_PER_HOUR: '1.861',
      SVD_MODELS_BUCKET: outputBucket,
      SVD_MODEL_ID: 'svd-xt',
      SVD_GPUS_PER_MACHINE: '1',
      SVD_CLIPS_PER_WORKER: '10',
      SVD_MAX_WORKERS: '50',
    },
  })

  expect(submitted).toEqual([expect.stringMatching(/^svd-worker-[0-9a-f-]{36}$/)])
  const stored = await output.read(DISPATCH_STATE_KEY, { maxBytes: 1e6 }, unaborted)
  const { workers } = JSON.parse(Buffer.from(stored?.bytes ?? []).toString())
  expect(workers.map(({ name }: { name: string }) => name)).toEqual(submitted)
  const lines = stdout.split('\n').map((line) => JSON.parse(line))
  expect(lines.filter(({ message }) => message === 'dispatched')).toMatchObject([
    { backlog: 25, needed: 3, active: 0, started: 1, waits: { batch: 'canary' }, event_id: 'event-1' },
    { backlog: 25, needed: 3, active: 1, started: 0 },
  ])
  const [metrics] = lines.filter((line) => '_aws' in line)
  expect(metrics).toMatchObject({ Backlog: 25, WorkersActive: 0, WorkersStarted: 1, service: 'dispatch' })
  expect(metrics._aws.CloudWatchMetrics[0].Namespace).toBe('SvdBatch')
})
