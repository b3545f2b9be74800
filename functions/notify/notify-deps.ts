import type { PipelineEvent } from '../../shared/contracts/pipeline-event.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'

/** Event that notify emits about itself. No decision depends on it. */
export type NotifyLogEvent =
  | { readonly type: 'announced'; readonly key: string; readonly events: readonly PipelineEvent[] }
  /** For a passing reason: it will be tried again. */
  | { readonly type: 'failed'; readonly key: string | null; readonly error: unknown }

/** Everything that notify reads, writes and calls. */
export interface NotifyDeps {
  readonly output: ObjectStore
  /** Resolves when every receiver has taken every event. It may be called again with the same ones. */
  publish(events: readonly PipelineEvent[], signal: AbortSignal): Promise<void>
  onEvent(event: NotifyLogEvent): void
}
