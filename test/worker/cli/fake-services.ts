import { reportKey, resultKey, statusKey } from '../../../shared/contracts/bucket-layout.ts'
import type { IngestReport } from '../../../shared/contracts/ingest-report.ts'
import type { ResultRecord } from '../../../shared/contracts/result-record.ts'
import type { StatusRecord } from '../../../shared/contracts/status-record.ts'
import { noteChanged, noteEnded, noteQueued } from '../../../shared/job-index/write-entries.ts'
import { noteReported } from '../../../shared/job-index/write-upload-entries.ts'
import type { AwsAccount } from '../../../shared/ports/aws-account.ts'
import type { Services } from '../../../worker/aws/services.ts'
import { type MemoryMessageQueue, openMemoryMessageQueue } from '../../fixtures/memory-message-queue.ts'
import { type MemoryObjectStore, openMemoryObjectStore } from '../../fixtures/memory-object-store.ts'
import { anAccount } from '../preflight/an-account.ts'
import { type CommandLineOptions, runCommandLine } from './a-command-line.ts'

const signal = new AbortController().signal

/** The environment of a command that knows the output bucket alone. */
export const OUTPUTS_ONLY = { environment: { SVD_OUTPUT_BUCKET: 'out' } }

export const DEPLOYMENT = {
  SVD_INPUT_BUCKET: 'in',
  SVD_OUTPUT_BUCKET: 'out',
  SVD_JOBS_QUEUE_URL: 'memory:jobs',
  SVD_DEAD_LETTER_QUEUE_URL: 'memory:dead-letters',
} as const

export interface FakeServicesOptions {
  /** Account of the caller. Default: one with every right. */
  readonly account?: Partial<AwsAccount>
  /** Called when a command sleeps, with the number of the sleep, from 1. Does what other processes do meanwhile. */
  readonly whileAsleep?: (sleep: number) => void | Promise<void>
}

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const JSON_TYPE = { contentType: 'application/json' }

/** Buckets and queues in memory, with a clock that only the sleeps of a command move. */
export const fakeServices = ({ whileAsleep = () => {}, account: changes = {} }: FakeServicesOptions = {}) => {
  const account = anAccount(changes)
  let nowMs = Date.parse('2026-11-24T12:30:00Z')
  let sleeps = 0
  const now = (): number => nowMs
  const buckets = new Map<string, MemoryObjectStore>()
  const queues = new Map<string, MemoryMessageQueue>()
  const openBucket = (bucket: string): MemoryObjectStore => {
    const store = buckets.get(bucket) ?? openMemoryObjectStore({ bucket, now })
    buckets.set(bucket, store)
    return store
  }
  const openQueue = (url: string): MemoryMessageQueue => {
    const queue = queues.get(url) ?? openMemoryMessageQueue({ url, now })
    queues.set(url, queue)
    return queue
  }
  const services: Services = {
    clock: {
      now: () => new Date(nowMs),
      elapsedMs: now,
      async sleep(ms, sleepSignal) {
        nowMs += ms
        await whileAsleep(++sleeps)
        sleepSignal.throwIfAborted()
      },
    },
    openBucket,
    openQueue,
    readQueueSettings: async () => ({ maxReceiveCount: 50 }),
    openAccount: async () => account,
    async [Symbol.asyncDispose]() {},
  }
  const inputs = openBucket(DEPLOYMENT.SVD_INPUT_BUCKET)
  const outputs = openBucket(DEPLOYMENT.SVD_OUTPUT_BUCKET)
  const queued = new Set<string>()
  const enter = async (jobId: string): Promise<void> => {
    if (!queued.has(jobId)) await noteQueued(outputs, [jobId], new Date(nowMs), signal)
    queued.add(jobId)
  }
  const put = (key: string, bytes: Uint8Array, contentType = 'application/json') =>
    outputs.put(key, bytes, { contentType }, signal)
  return {
    services,
    inputs,
    outputs,
    jobs: openQueue(DEPLOYMENT.SVD_JOBS_QUEUE_URL),
    deadLetters: openQueue(DEPLOYMENT.SVD_DEAD_LETTER_QUEUE_URL),
    pass: (seconds: number) => {
      nowMs += seconds * 1000
    },
    put,
    /** Writes a status and its entries in the index, as ingest and a worker do. */
    async putStatus(record: StatusRecord) {
      await enter(record.job_id)
      if (record.state !== 'queued') await noteChanged(outputs, record.job_id, new Date(nowMs), signal)
      await put(statusKey(record.job_id), encode(record))
      return record.job_id
    },
    /** Writes a result and its entries in the index. The entry of its end has the time when it finished. */
    async putResult(record: ResultRecord) {
      await enter(record.job_id)
      await noteEnded(outputs, record, new Date(nowMs), signal)
      await put(resultKey(record.job_id), encode(record))
      return record.job_id
    },
    async putReport(report: IngestReport) {
      await put(reportKey(report.key), encode(report))
      await noteReported(outputs, report, signal)
    },
    putFile: (bucket: MemoryObjectStore, key: string, text: string) =>
      bucket.put(key, new TextEncoder().encode(text), JSON_TYPE, signal),
    /** Runs a command with the deployment in the environment, unless the options have another environment. */
    run: (args: readonly string[], options: CommandLineOptions = {}) =>
      runCommandLine(args, { environment: DEPLOYMENT, services, ...options }),
  }
}
