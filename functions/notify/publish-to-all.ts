import type { PipelineEvent } from '../../shared/contracts/pipeline-event.ts'
import type { EventPublisher } from '../../shared/ports/event-publisher.ts'
import type { NotifyDeps } from './notify-deps.ts'

/** Refused events that an error names, so that its message stays short. */
const NAMED = 5

const publishTo = async (
  publisher: EventPublisher,
  events: readonly PipelineEvent[],
  signal: AbortSignal,
): Promise<void> => {
  const refused = await publisher.publish(events, signal)
  if (refused.length === 0) return
  const named = refused.slice(0, NAMED).map(({ index, reason }) => `${events[index]?.event_id}: ${reason}`)
  throw new Error(
    `${publisher.name}: ${refused.length} of ${events.length} events were refused: ${named.join('; ')}`,
  )
}

/**
 * Publishes events to each publisher, whatever the others answer. Throws if any event was not accepted by all of them. SQS
 * then delivers the object's message again, and all its events are published again, with the same ids. A message that
 * fails each time becomes a dead-letter message.
 */
export const publishToAll =
  (publishers: readonly EventPublisher[]): NotifyDeps['publish'] =>
  async (events, signal) => {
    const outcomes = await Promise.allSettled(
      publishers.map((publisher) => publishTo(publisher, events, signal)),
    )
    const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
    signal.throwIfAborted()
    const [error, ...others] = errors
    if (others.length > 0) throw new AggregateError(errors, errors.map(String).join('; '))
    if (error !== undefined) throw error
  }
