import type { DefaultSize } from '../../shared/contracts/clip-size.ts'
import type { IngestReport } from '../../shared/contracts/ingest-report.ts'
import type { ModelRecord } from '../../shared/contracts/model-record.ts'
import type { WorkLimits } from '../../shared/contracts/work-limits.ts'
import type { MessageQueue } from '../../shared/ports/message-queue.ts'
import type { ObjectInfo, ObjectStore } from '../../shared/ports/object-store.ts'

/**
 * Why nothing was done about an uploaded object.
 * - `gone`          it was deleted meanwhile
 * - `changed`       it was overwritten meanwhile: that has an event of its own
 * - `for-manifest`  an image that was uploaded for manifests to name
 * - `no-picture`    a sidecar whose image is not there yet, and will find it when it comes
 * - `not-ours`      a folder's marker, or an object of another bucket
 */
export type SkipReason = 'gone' | 'changed' | 'for-manifest' | 'no-picture' | 'not-ours'

/** Outcome of ingesting an uploaded object. */
export type IngestOutcome =
  | {
      readonly type: 'reported'
      readonly report: IngestReport
      /** Messages sent. */
      readonly queued: number
    }
  | { readonly type: 'skipped'; readonly key: string; readonly reason: SkipReason }

/** Event that ingest emits. No decision depends on it. */
export type IngestLogEvent =
  | IngestOutcome
  /** For a passing reason: it will be tried again. */
  | { readonly type: 'failed'; readonly key: string | null; readonly error: unknown }

/** All that ingest touches. */
export interface IngestDeps {
  /** Images and manifests. */
  readonly input: ObjectStore
  readonly output: ObjectStore
  readonly jobs: Pick<MessageQueue, 'send'>
  /** Defaults of the checkpoint that renders. */
  readonly model: ModelRecord
  /** Size of clips whose request gives neither size nor fit. */
  readonly defaultSize: DefaultSize
  /** The most that one job and one manifest may order. */
  readonly limits: WorkLimits
  now(): Date
  newTraceId(): string
  onEvent(event: IngestLogEvent): void
}

export interface IngestContext {
  readonly traceId: string
  readonly signal: AbortSignal
}

/** An uploaded object that was found. */
export interface FoundUpload extends IngestContext {
  readonly info: ObjectInfo
  /** Sequencer of its own event; `null` if the event is another object's or has none. */
  readonly sequencer: string | null
}
