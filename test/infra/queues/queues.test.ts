import { Match } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import {
  EVENT_VISIBILITY_SECONDS,
  INGEST_TIMEOUT_SECONDS,
  LATELY_MS,
} from '../../../functions/ingest/event-times.ts'
import {
  NOTIFY_RECEIVES,
  NOTIFY_TIMEOUT_SECONDS,
  NOTIFY_VISIBILITY_SECONDS,
} from '../../../functions/notify/event-times.ts'
import { MAX_BATCH_BYTES } from '../../../shared/ports/message-queue.ts'
import { LEASE_OPTIONS } from '../../../worker/queue/hold-lease.ts'
import { synthesize, VARIANTS } from '../synthesized.ts'

const DAY_SECONDS = 86_400

const queues = (keys = {}) => {
  const { storage, pipeline } = synthesize(keys)
  const all = { ...storage.findResources('AWS::SQS::Queue'), ...pipeline.findResources('AWS::SQS::Queue') }
  const found = (prefix: string) =>
    Object.entries(all).find(([id]) => id.startsWith(prefix))![1]!['Properties']
  return {
    drops: found('DropsQueue'),
    dropsDead: found('DropsDeadLetters'),
    records: found('RecordsQueue'),
    recordsDead: found('RecordsDeadLetters'),
    jobs: found('JobsQueue'),
    jobsDead: found('JobsDeadLetters'),
  }
}

describe('the queues', () => {
  test('take messages of up to 1 MiB', () => {
    for (const { MaximumMessageSize } of Object.values(queues())) {
      expect(MaximumMessageSize).toBe(MAX_BATCH_BYTES)
    }
  })

  test("hide a job's message for the duration of a lease", () => {
    expect(queues().jobs.VisibilityTimeout).toBe(LEASE_OPTIONS.visibilitySeconds)
  })

  test('hide an S3 event for longer than ingest may run', () => {
    expect(queues().drops.VisibilityTimeout).toBeGreaterThan(INGEST_TIMEOUT_SECONDS)
  })

  test('show an S3 event again while ingest still treats its messages as recently sent', () => {
    const { VisibilityTimeout } = queues().drops
    expect(VisibilityTimeout).toBe(EVENT_VISIBILITY_SECONDS)
    // The next run may begin one function's time late, and takes another.
    expect(LATELY_MS / 1_000).toBe(VisibilityTimeout + 2 * INGEST_TIMEOUT_SECONDS)
  })

  test('dead-letter a job after fifty deliveries, and an S3 event after an hour of deliveries', () => {
    const { jobs, drops } = queues()

    expect(jobs.RedrivePolicy.maxReceiveCount).toBe(50)
    expect(drops.RedrivePolicy.maxReceiveCount * drops.VisibilityTimeout).toBe(3600)
  })

  test("hide a record's event for longer than notify may run, and dead-letter it after an hour", () => {
    const { records } = queues()

    expect(records.VisibilityTimeout).toBe(NOTIFY_VISIBILITY_SECONDS)
    expect(records.VisibilityTimeout).toBeGreaterThan(NOTIFY_TIMEOUT_SECONDS)
    expect(records.RedrivePolicy.maxReceiveCount).toBe(NOTIFY_RECEIVES)
    expect(NOTIFY_RECEIVES * NOTIFY_VISIBILITY_SECONDS).toBe(3600)
  })

  test('keep dead-letter messages for longer than messages, because SQS counts from the first send', () => {
    const { jobs, jobsDead, drops, dropsDead, records, recordsDead } = queues()

    for (const [queue, deadLetters] of [
      [jobs, jobsDead],
      [drops, dropsDead],
      [records, recordsDead],
    ]) {
      expect(queue.MessageRetentionPeriod).toBe(10 * DAY_SECONDS)
      expect(deadLetters.MessageRetentionPeriod).toBe(14 * DAY_SECONDS)
    }
  })

  test("are encrypted by SQS or with the deployment's KMS key", () => {
    for (const queue of Object.values(queues())) expect(queue.SqsManagedSseEnabled).toBe(true)
    for (const queue of Object.values(queues(VARIANTS.kms))) expect(queue.KmsMasterKeyId).toBeDefined()
  })

  test('refuse requests without TLS', () => {
    const denied = { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }
    const { storage, pipeline } = synthesize()

    storage.resourceCountIs('AWS::SQS::QueuePolicy', 4)
    pipeline.resourceCountIs('AWS::SQS::QueuePolicy', 2)
    for (const template of [storage, pipeline]) {
      template.allResourcesProperties('AWS::SQS::QueuePolicy', {
        PolicyDocument: { Statement: Match.arrayWith([Match.objectLike(denied)]) },
      })
    }
  })
})
