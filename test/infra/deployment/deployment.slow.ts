import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DescribeJobsCommand, ListJobsCommand } from '@aws-sdk/client-batch'
import { DescribeServicesCommand } from '@aws-sdk/client-ecs'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openS3ObjectStore } from '../../../shared/aws/s3-object-store.ts'
import { openSqsMessageQueue } from '../../../shared/aws/sqs-message-queue.ts'
import { reportKey, resultKey, sidecarKey } from '../../../shared/contracts/bucket-layout.ts'
import { indexFolder } from '../../../shared/contracts/index-entry.ts'
import type { IngestReport } from '../../../shared/contracts/ingest-report.ts'
import type { ResultRecord } from '../../../shared/contracts/result-record.ts'
import { aMetadataService } from '../../fixtures/metadata-service.ts'
import { openScriptedEndpoint } from '../../fixtures/scripted-endpoint.ts'
import { storedJson } from '../../fixtures/stored-json.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { DEMO_DIR } from '../../worker/models/a-pushed-model.ts'
import { bucketOf, completeInputBucket, dropsQueueUrl, type Property } from './bucket-properties.ts'
import { type Deployment, deployOnMoto } from './deploy-on-moto.ts'
import { type DeployedFunction, deployedFunction } from './deployed-function.ts'
import { deployedContainer, runDeployedWorker, svdInShell, WORKER_SUBSTITUTES } from './deployed-worker.ts'
import { type Polled, pollOnce, readMapping, stopPolling } from './drops-queue.ts'
import { type EmulatedAccount, openEmulatedAccount } from './emulated-account.ts'
import { type Compute, type Observed, renderEmulationDocument } from './emulation-document.ts'
import { subscribeToEvents } from './event-subscribers.ts'
import { completeOutputBucket, recordsQueueUrl } from './output-bucket.ts'
import { refusalsOf, refusedRequestsOf } from './refusals.ts'
import { logicalIdsOf } from './stack-template.ts'

const IMAGE = new URL('../../../worker/demo-samples/rocket.png', import.meta.url)
const IMAGE_KEY = 'images/rocket.png'
/** A second or two of rendering. */
const SIDECAR = { parameters: { width: 64, height: 64, num_frames: 2, num_inference_steps: 10, seed: 7 } }

const probe = await openEmulatedAccount()
await probe?.[Symbol.asyncDispose]()
const skipped = probe === null ? ' (skipped: neither SVD_PYTHON nor the PATH has moto’s server)' : ''

const observed = new Map<Compute, Observed>()

describe.skipIf(probe === null).each(['batch', 'ec2'] as const)(
  `a deployment on moto with compute=%s${skipped}`,
  (compute) => {
    let account: EmulatedAccount
    let deployment: Deployment
    let workDir: string
    let properties: readonly Property[]
    let jobId: string

    beforeAll(async () => {
      workDir = await mkdtemp(path.join(tmpdir(), 'svd-test-'))
      account = (await openEmulatedAccount())!
      deployment = await deployOnMoto(account, compute, workDir)
    }, 120_000)
    afterAll(async () => {
      await account?.[Symbol.asyncDispose]()
      await rm(workDir, { recursive: true, force: true })
    })

    const storeOf = (prefix: string) => openS3ObjectStore(account.s3, bucketOf(deployment, prefix))
    const output = () => storeOf('BucketsOutput')
    const waiting = async (queueUrl: string): Promise<number> => {
      const { visible, inFlight } = await openSqsMessageQueue(account.sqs, queueUrl).depth(unaborted)
      return visible + inFlight
    }
    const poll = async (ingest: DeployedFunction): Promise<Polled> =>
      pollOnce(account, ingest, await readMapping(account, ingest), dropsQueueUrl(deployment))
    const jobsQueueUrl = (): string => deployment.outputs['svd-pipeline']?.['JobsQueueUrl'] ?? ''

    test('hides a message of the S3 event queue for 600 seconds and dead-letters it after six receives', async () => {
      const asked = new GetQueueAttributesCommand({
        QueueUrl: dropsQueueUrl(deployment),
        AttributeNames: ['VisibilityTimeout', 'RedrivePolicy'],
      })
      const { Attributes = {} } = await account.sqs.send(asked)

      expect(Attributes['VisibilityTimeout']).toBe('600')
      expect(JSON.parse(Attributes['RedrivePolicy'] ?? '{}')).toMatchObject({ maxReceiveCount: 6 })
    })

    test('feeds ingest from the S3 event queue and lets it report failures message by message', async () => {
      const ingest = await deployedFunction(deployment, 'Ingest')
      const mapping = await readMapping(account, ingest)
      await stopPolling(account, mapping)

      expect(mapping).toMatchObject({ BatchSize: 5, FunctionResponseTypes: ['ReportBatchItemFailures'] })
      expect(mapping.EventSourceArn).toContain('svd-storage-DropsQueue')
    })

    test('takes the demo checkpoint from svd models push into its models bucket', async () => {
      expect(await svdInShell(deployment, 'models', 'push', DEMO_DIR, '--id', 'demo', '--quiet')).toContain(
        'demo',
      )
    })

    test('makes one job of an image and its sidecar by S3 notifications and the ingest bundle', async () => {
      properties = await completeInputBucket(deployment)
      const Bucket = bucketOf(deployment, 'BucketsInput')
      const put = (Key: string, Body: Uint8Array | string) =>
        account.s3.send(new PutObjectCommand({ Bucket, Key, Body }))
      await put(sidecarKey(IMAGE_KEY), JSON.stringify(SIDECAR))
      await put(IMAGE_KEY, await readFile(IMAGE))
      const ingest = await deployedFunction(deployment, 'Ingest')

      const { bodies, answer, log } = await poll(ingest)

      const kinds = bodies.map((body) => {
        const { Event, Records } = JSON.parse(body)
        return Event ?? Records[0].s3.object.key
      })
      expect(kinds.toSorted()).toEqual(['images%2Frocket.png', 'images%2Frocket.png.json', 's3:TestEvent'])
      expect(answer).toEqual({ batchItemFailures: [] })
      expect(log).toContain('"message":"ingested"')
      expect(await waiting(dropsQueueUrl(deployment))).toBe(0)
      const report = (await storedJson(output(), reportKey(IMAGE_KEY))) as IngestReport
      expect(report).toMatchObject({ state: 'accepted', faults: [], jobs: [expect.anything()] })
      jobId = report.jobs[0]!.job_id
      expect(await waiting(jobsQueueUrl())).toBe(1)
    })

    test('starts one worker when dispatch is called once', async () => {
      const dispatch = await deployedFunction(deployment, 'Dispatch')
      const event = { id: 'event-1', time: '2026-01-02T03:04:00Z', source: 'aws.events', detail: {} }

      const { log } = await dispatch.invoke(event)

      expect(log).toContain('"message":"dispatched"')
      const idOf = (type: string): string =>
        deployment.physicalIdOf(logicalIdsOf(deployment.synthesized['svd-pipeline'], type)[0]!)
      if (compute === 'ec2') {
        const service = { cluster: idOf('AWS::ECS::Cluster'), services: [idOf('AWS::ECS::Service')] }
        const { services = [] } = await account.ecs.send(new DescribeServicesCommand(service))
        expect(services.map(({ desiredCount }) => desiredCount)).toEqual([1])
        return
      }
      const listed = new ListJobsCommand({
        jobQueue: idOf('AWS::Batch::JobQueue'),
        // moto has done a job as soon as it has it.
        jobStatus: 'SUCCEEDED',
      })
      const { jobSummaryList = [] } = await account.batch.send(listed)
      expect(jobSummaryList.map(({ jobName }) => jobName)).toEqual([expect.stringMatching(/^svd-worker-/)])
      const described = new DescribeJobsCommand({ jobs: jobSummaryList.map(({ jobId: id = '' }) => id) })
      const { jobs = [] } = await account.batch.send(described)
      expect(jobs[0]?.jobDefinition).toBe(idOf('AWS::Batch::JobDefinition'))
    })

    test('runs the worker of its container, which renders the job and shuts down when the queue is empty', async () => {
      const metadata = await aMetadataService({
        '/latest/meta-data/instance-type': 'g6.xlarge',
        '/latest/meta-data/instance-life-cycle': 'on-demand',
      })
      const agent = await openScriptedEndpoint(({ body }) => ({
        status: 200,
        body: JSON.stringify({ protection: JSON.parse(body) }),
      }))
      const container = await deployedContainer(deployment, compute)

      const log = await runDeployedWorker(deployment, container, {
        AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.endpoint,
        // The agent starts Batch's containers too.
        ECS_AGENT_URI: agent.url,
        ...(compute === 'batch' && { AWS_BATCH_JOB_ID: 'a job of Batch' }),
      })

      expect(container.command).toEqual(['worker'])
      expect(log).toContain('"message":"worker stopped"')
      const protections = agent.requests.map(({ body }) => JSON.parse(body).ProtectionEnabled)
      expect(protections.slice(0, 1)).toEqual(compute === 'ec2' ? [true] : [])
      const result = (await storedJson(output(), resultKey(jobId))) as ResultRecord
      expect(result).toMatchObject({
        state: 'succeeded',
        failure: null,
        job: { parameters: { seed: 7, num_frames: 2 } },
      })
      const [files] = result.outputs
      const video = await output().read(files?.video.key ?? '', { maxBytes: 1e7 }, unaborted)
      expect(
        Buffer.from(video?.bytes ?? [])
          .subarray(4, 8)
          .toString(),
      ).toBe('ftyp')
      const entries = await Array.fromAsync(output().list(indexFolder('succeeded'), unaborted))
      expect(entries.map(({ key }) => key)).toEqual([expect.stringMatching(`-${jobId}$`)])
      expect(await waiting(jobsQueueUrl())).toBe(0)
    })

    test("is read by svd status in a shell with the stack's outputs as environment", async () => {
      const status = JSON.parse(await svdInShell(deployment, 'status', '--json'))

      expect(status.jobs).toMatchObject([{ job_id: jobId, state: 'succeeded' }])
      expect(status).toMatchObject({
        totals: { jobs: 1, succeeded: 1, failed: 0 },
        queue: { visible: 0, in_flight: 0 },
        dead_letters: { visible: 0, in_flight: 0 },
      })
    })

    test('rejects an upload outside images/ and manifests/, which svd status counts', async () => {
      const Bucket = bucketOf(deployment, 'BucketsInput')
      await account.s3.send(new PutObjectCommand({ Bucket, Key: 'README.md', Body: 'no image' }))
      const ingest = await deployedFunction(deployment, 'Ingest')

      await poll(ingest)

      expect(await storedJson(output(), reportKey('README.md'))).toMatchObject({ state: 'rejected' })
      expect(await svdInShell(deployment, 'status')).toMatch(/^uploads: 1 rejected/m)
    })

    test("delivers an upload's context in events on bus and topic by the notify bundle", async () => {
      const notify = await deployedFunction(deployment, 'Notify')
      const mapping = await readMapping(account, notify)
      await stopPolling(account, mapping)
      properties = [...properties, ...(await completeOutputBucket(deployment))]
      const subscribers = await subscribeToEvents(deployment)
      const announce = () => pollOnce(account, notify, mapping, recordsQueueUrl(deployment))
      const Bucket = bucketOf(deployment, 'BucketsInput')
      const items = [{ image: IMAGE_KEY, context: { order: 7 }, ...SIDECAR }]
      const Body = JSON.stringify({ items })
      await account.s3.send(new PutObjectCommand({ Bucket, Key: 'manifests/m.json', Body }))

      await poll(await deployedFunction(deployment, 'Ingest'))
      const { bodies, answer, log } = await announce()

      const keys = bodies.flatMap((body) =>
        (JSON.parse(body).Records ?? []).map((record: { s3: { object: { key: string } } }) =>
          decodeURIComponent(record.s3.object.key),
        ),
      )
      expect(keys).toEqual([reportKey('manifests/m.json')])
      expect(answer).toEqual({ batchItemFailures: [] })
      expect(log).toContain('"message":"announced"')
      const { bus, topic } = await subscribers.received()
      expect(bus.toSorted((a, b) => b.type.localeCompare(a.type))).toMatchObject([
        {
          type: 'request.ended',
          upload: { kind: 'manifest', key: 'manifests/m.json' },
          ...{ item: 1, context: { order: 7 }, source_key: IMAGE_KEY, done_before: true },
          ...{ job_id: jobId, state: 'succeeded' },
          outputs: [{ video: { key: expect.stringMatching(/\.mp4$/) }, frames: 2 }],
        },
        { type: 'batch.ended', requests: 1, jobs: { succeeded: 1 }, jobs_done_before: 1 },
      ])
      expect(topic.toSorted((a, b) => b.type.localeCompare(a.type))).toEqual(
        bus.toSorted((a, b) => b.type.localeCompare(a.type)),
      )

      // The result is written once more: its event finds the upload of the image.
      const result = await output().read(resultKey(jobId), { maxBytes: 1e6 }, unaborted)
      const json = { contentType: 'application/json' }
      await output().put(resultKey(jobId), result?.bytes ?? new Uint8Array(), json, unaborted)
      await announce()
      const again = await subscribers.received()
      expect(again.bus).toMatchObject([
        { type: 'request.ended', upload: { kind: 'image', key: IMAGE_KEY }, context: null, job_id: jobId },
      ])
      expect(again.topic).toEqual(again.bus)
      expect(await waiting(recordsQueueUrl(deployment))).toBe(0)
    })

    test('needs the expected substitutions, because moto refuses the stack without them', async () => {
      const endpoint = account.environment['AWS_ENDPOINT_URL']!
      const { synthesized, created } = deployment
      const refusals = await refusalsOf(endpoint, synthesized)
      const { environment } = await deployedContainer(deployment, compute)
      observed.set(compute, {
        ...{ synthesized, created, refusals, properties },
        refusedRequests: await refusedRequestsOf(endpoint, synthesized),
        workerSubstitutes: Object.fromEntries(
          Object.entries(WORKER_SUBSTITUTES).map(([name, instead]) => [
            name,
            { deployed: environment[name] ?? 'not set', instead },
          ]),
        ),
      })

      const needed = [...refusals].filter(([, answer]) => answer !== null).map(([of]) => of)
      expect(needed).toEqual(
        compute === 'batch' ? [...refusals.keys()] : ['AWS::EC2::FlowLog LogDestination'],
      )
    })
  },
)

test.skipIf(probe === null)(`moto.md documents what both deployments observed${skipped}`, async () => {
  const [batch, ec2] = [observed.get('batch'), observed.get('ec2')]
  if (batch === undefined || ec2 === undefined) throw new Error('a deployment failed before it was observed')

  await expect(renderEmulationDocument({ batch, ec2 })).toMatchFileSnapshot('moto.md')
})
