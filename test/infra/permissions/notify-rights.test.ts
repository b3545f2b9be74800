import { beforeAll, describe, expect, test } from 'vitest'
import { batchKey, reportKey, resultKey, statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { type PipelineEvent, pipelineEventSchema } from '../../../shared/contracts/pipeline-event.ts'
import { signedEventSchema } from '../../../shared/contracts/signed-event.ts'
import type { StatusRecord } from '../../../shared/contracts/status-record.ts'
import { aPng } from '../../fixtures/images.ts'
import { aResult } from '../../fixtures/job-records.ts'
import { aModelRecord } from '../../fixtures/model-record.ts'
import { aPipeline, type Pipeline } from '../../fixtures/rights/a-pipeline.ts'
import { type Acting, actAs } from '../../fixtures/rights/act-as.ts'
import type { WireRequest } from '../../fixtures/rights/guarded-endpoint.ts'
import { serviceOf } from '../../fixtures/rights/needed-rights.ts'
import { storedJson } from '../../fixtures/stored-json.ts'
import { s3Event, sqsEvent } from '../../functions/ingest/ingest-setup.ts'
import { synthesize, VARIANTS } from '../synthesized.ts'
import { ingestAll } from './ingest-all.ts'
import { rightsOf } from './permission-table.ts'
import { runFunction } from './run-function.ts'
import { unusedRights } from './unused-rights.ts'

const HOOK_MS = 120_000

const RIGHTS = rightsOf(synthesize(VARIANTS.webhook).pipeline).filter(({ role }) => role === 'NotifyRole')

/** Rights with which Lambda writes the function's log and traces, and reads events from their queue. */
const USED_BY_LAMBDA = [/^logs:\S+ on NotifyLog$/, /^xray:\S+ on \*$/, /^sqs:\S+ on RecordsQueue$/]

const SECRET = 's'.repeat(32)

/** Bus, topic and secret by their names in the template. */
const EVENTS = {
  SVD_EVENT_BUS_ARN: 'arn:aws:events:us-east-1:111122223333:event-bus/EventsBus',
  SVD_EVENT_TOPIC_ARN: 'arn:aws:sns:us-east-1:111122223333:EventsTopic',
  SVD_WEBHOOK_HMAC_SECRET: VARIANTS.webhook.webhookHmacSecret,
}

const eventOf = (key: string) => sqsEvent(s3Event({ bucket: 'svd-output', key }))

/** EventBridge, SNS and Secrets Manager, which accept everything. */
const anEventService = () => {
  const onBus: PipelineEvent[] = []
  const onTopic: PipelineEvent[] = []
  const answer = (request: WireRequest) => {
    const body = request.body.toString()
    if (serviceOf(request) === 'secretsmanager')
      return { status: 200, body: JSON.stringify({ SecretString: SECRET }) }
    if (serviceOf(request) === 'events') {
      const details = JSON.parse(body).Entries.map(({ Detail }: { Detail: string }) => JSON.parse(Detail))
      for (const { signed, ...event } of details) {
        expect(JSON.parse(signedEventSchema.parse(signed).payload)).toEqual(event)
        onBus.push(pipelineEventSchema.parse(event))
      }
      const Entries = details.map((_: unknown, n: number) => ({ EventId: `${n}` }))
      return { status: 200, body: JSON.stringify({ FailedEntryCount: 0, Entries }) }
    }
    const form = [...new URLSearchParams(body)]
    const ids = form.filter(([name]) => /\.\d+\.Id$/.test(name)).map(([, id]) => id)
    for (const [name, text] of form)
      if (/\.\d+\.Message$/.test(name)) onTopic.push(pipelineEventSchema.parse(JSON.parse(text)))
    const members = ids.map((id) => `<member><Id>${id}</Id><MessageId>m</MessageId></member>`).join('')
    return {
      status: 200,
      body: `<PublishBatchResponse><PublishBatchResult><Successful>${members}</Successful></PublishBatchResult></PublishBatchResponse>`,
    }
  }
  return { onBus, onTopic, answer }
}

/** An image, a manifest that orders the same job and another one, and a rejected upload; each job has a result. */
const endJobs = async (pipeline: Pipeline): Promise<readonly string[]> => {
  const { input, output, put } = pipeline
  await put(input, 'images/a.png', await aPng(), { 'svd-context': '{"order": 7}' })
  await put(input, 'manifests/m.json', {
    items: [{ image: 'images/a.png' }, { image: 'images/a.png', parameters: { seed: 1 } }],
  })
  await put(input, 'images/broken.png', Buffer.from('no image'))
  const keys = ['images/a.png', 'manifests/m.json', 'images/broken.png']
  const jobIds = await ingestAll(pipeline, aModelRecord(), keys)
  for (const jobId of jobIds) {
    const { image, parameters, origin } = (await storedJson(output, statusKey(jobId))) as StatusRecord
    const base = aResult()
    await put(
      output,
      resultKey(jobId),
      aResult({ job: { ...base.job, job_id: jobId, image, parameters, origin } }),
    )
  }
  return [...jobIds.map(resultKey), ...keys.map(reportKey)]
}

describe('notify with the rights of its role', () => {
  const service = anEventService()
  let acting: Acting
  let answers: readonly unknown[]
  let batch: unknown

  beforeAll(async () => {
    await using pipeline = await aPipeline()
    const keys = await endJobs(pipeline)
    acting = await actAs(pipeline.url, { rights: RIGHTS, answer: service.answer })
    const environment = { ...pipeline.environment(acting.url), ...EVENTS }
    const events = [...keys, resultKey('0'.repeat(32)), reportKey('images/none.png')].map(eventOf)
    answers = await runFunction('notify', events, environment)
    batch = await storedJson(pipeline.output, batchKey('manifests/m.json'))
    await acting[Symbol.asyncDispose]()
  }, HOOK_MS)

  test('is denied no request', () => {
    expect([...acting.refused]).toEqual([])
  })

  test('announces each request, batch and rejected upload on bus and topic', () => {
    expect(answers).toEqual(answers.map(() => ({ batchItemFailures: [] })))
    const announced = (events: readonly PipelineEvent[]): readonly string[] =>
      [...new Set(events.map(({ type, upload, event_id }) => `${type} ${upload.key} ${event_id}`))]
        .map((event) => event.replace(/ \w+$/, ''))
        .toSorted()
    expect(announced(service.onBus)).toEqual([
      'batch.ended manifests/m.json',
      'request.ended images/a.png',
      'request.ended manifests/m.json',
      'request.ended manifests/m.json',
      'upload.rejected images/broken.png',
    ])
    expect(announced(service.onTopic)).toEqual(announced(service.onBus))
    expect(batch).toMatchObject({ waits_for: null, announced: { event_id: expect.any(String) } })
  })

  test('uses every right except those that Lambda itself uses', () => {
    expect(unusedRights(RIGHTS, acting, USED_BY_LAMBDA)).toEqual([])
  })
})
