import type { IngestDeps, IngestLogEvent } from '../../../functions/ingest/ingest-deps.ts'
import { ingestEvent } from '../../../functions/ingest/ingest-event.ts'
import { reportKey } from '../../../shared/contracts/bucket-layout.ts'
import type { DefaultSize } from '../../../shared/contracts/clip-size.ts'
import { type IngestReport, ingestReportSchema } from '../../../shared/contracts/ingest-report.ts'
import { type JobMessage, jobMessageSchema } from '../../../shared/contracts/job-message.ts'
import type { ModelRecord } from '../../../shared/contracts/model-record.ts'
import { DEFAULT_WORK_LIMITS, type WorkLimits } from '../../../shared/contracts/work-limits.ts'
import type { OutgoingMessage } from '../../../shared/ports/message-queue.ts'
import type { Faults } from '../../fixtures/faults.ts'
import { openMemoryMessageQueue, type QueueOperation } from '../../fixtures/memory-message-queue.ts'
import {
  type MemoryObjectStore,
  openMemoryObjectStore,
  type StoreOperation,
} from '../../fixtures/memory-object-store.ts'
import { aModelRecord } from '../../fixtures/model-record.ts'

export interface IngestSetupOptions {
  readonly versioned?: boolean
  readonly model?: ModelRecord
  readonly inputFaults?: Faults<StoreOperation>
  readonly outputFaults?: Faults<StoreOperation>
  readonly queueFaults?: Faults<QueueOperation>
  readonly refuse?: (message: OutgoingMessage) => string | null
  readonly limits?: Partial<WorkLimits>
  /** Default: `model`. */
  readonly defaultSize?: DefaultSize
}

export interface UploadOptions {
  readonly contentType?: string
  readonly metadata?: Readonly<Record<string, string>>
}

const START = Date.UTC(2026, 0, 2, 3, 4, 5)
const SIGNAL = new AbortController().signal

const bytesOf = (content: Uint8Array | string): Uint8Array =>
  typeof content === 'string' ? new TextEncoder().encode(content) : content

/** Encodes a key as S3 does in its events. */
export const encodeKey = (key: string): string =>
  encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+')

export interface EventObject {
  readonly bucket?: string
  readonly key: string
  readonly etag?: string
  readonly versionId?: string | null
  readonly sequencer?: string
}

/** An event as S3 sends it. */
export const s3Event = (...objects: readonly EventObject[]) => ({
  Records: objects.map(({ bucket = 'input', key, etag, versionId, sequencer }) => ({
    eventVersion: '2.5',
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    requestParameters: { sourceIPAddress: '2001:db8::1' },
    s3: {
      bucket: { name: bucket, arn: `arn:aws:s3:::${bucket}` },
      object: {
        key: encodeKey(key),
        size: 1,
        ...(etag !== undefined && { eTag: etag.replaceAll('"', '') }),
        ...(versionId !== undefined && versionId !== null && { versionId }),
        ...(sequencer !== undefined && { sequencer }),
      },
    },
  })),
})

/** The event with which SQS invokes ingest: one message for each body. */
export const sqsEvent = (...bodies: readonly unknown[]) => ({
  Records: bodies.map((body, index) => ({
    eventSource: 'aws:sqs',
    messageId: `message-${index + 1}`,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: {},
  })),
})

/** Buckets and a queue in memory, and a clock that stands still until it is moved. */
export const ingestSetup = (options: IngestSetupOptions = {}) => {
  let time = START
  let uploaded = 0
  const now = (): number => time
  const { versioned = false, inputFaults = {}, outputFaults = {}, queueFaults = {} } = options
  const input = openMemoryObjectStore({ bucket: 'input', now, versioned, faults: inputFaults })
  const output = openMemoryObjectStore({ bucket: 'output', now, faults: outputFaults })
  const queue = openMemoryMessageQueue({
    now,
    faults: queueFaults,
    ...(options.refuse && { refuse: options.refuse }),
  })
  const told: IngestLogEvent[] = []
  const deps: IngestDeps = {
    ...{ input, output, jobs: queue, model: options.model ?? aModelRecord() },
    defaultSize: options.defaultSize ?? 'model',
    limits: { ...DEFAULT_WORK_LIMITS, ...options.limits },
    now: () => new Date(time),
    newTraceId: () => 'trace-1',
    onEvent: (event) => told.push(event),
  }

  const put = async (key: string, content: Uint8Array | string, upload: UploadOptions = {}) => {
    const { contentType = 'application/octet-stream', metadata = {} } = upload
    await input.put(key, bytesOf(content), { contentType, metadata }, SIGNAL)
    const info = await input.head(key, SIGNAL)
    uploaded += 1
    return {
      key,
      etag: info?.etag ?? '',
      versionId: info?.versionId ?? null,
      sequencer: `00${uploaded.toString(16).padStart(14, '0')}`.toUpperCase(),
    }
  }

  const readJson = async (store: MemoryObjectStore, key: string): Promise<unknown> => {
    const stored = await store.read(key, { maxBytes: 1e9 }, SIGNAL)
    return stored === null ? null : JSON.parse(new TextDecoder().decode(stored.bytes))
  }

  return {
    ...{ deps, input, output, queue, told, put },
    ingest: (event: unknown, signal = SIGNAL) => ingestEvent(event, deps, signal),
    /** Uploads an object and invokes ingest with its event. */
    upload: async (key: string, content: Uint8Array | string, upload: UploadOptions = {}) =>
      ingestEvent(s3Event(await put(key, content, upload)), deps, SIGNAL),
    wait: (ms: number) => {
      time += ms
    },
    readOutput: (key: string) => readJson(output, key),
    /** Checked against its contract. */
    report: async (key: string): Promise<IngestReport | null> => {
      const report = await readJson(output, reportKey(key))
      return report === null ? null : ingestReportSchema.parse(report)
    },
    /** Checked against their contract, in the order sent. */
    jobs: (): readonly JobMessage[] =>
      queue.messages().map(({ body }) => jobMessageSchema.parse(JSON.parse(body))),
  }
}
