import type { PipelineEvent } from '../contracts/pipeline-event.ts'

/*
 * A service that takes pipeline events and delivers them to its subscribers. Adapters: shared/aws/event-bus.ts and
 * shared/aws/event-topic.ts; the small real one is in test/fixtures/memory-event-publisher.ts; one suite,
 * test/shared/ports/event-publisher-contract.ts, runs on all of them.
 */

/** An event that the service did not accept. */
export interface RefusedEvent {
  /** Index of the event among those of the call. */
  readonly index: number
  /** The service's error code and message, or the limit that the event exceeds. */
  readonly reason: string
}

/** A call whose signal is aborted throws the signal's reason. Any of its events may be published by then. */
export interface EventPublisher {
  /** Name of the service in errors and logs, such as `event bus`. */
  readonly name: string
  /**
   * Publishes events, in batches by count and size. Returns those that the service refused; it has accepted the others.
   * One that is refused for its content keeps none of the others back. Throws where a whole request fails for another
   * reason, and any of the events may be published then. Publishing an event again publishes it twice.
   */
  publish(events: readonly PipelineEvent[], signal: AbortSignal): Promise<readonly RefusedEvent[]>
}
