import {
  type EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
  type PutEventsResultEntry,
} from '@aws-sdk/client-eventbridge'
import { DETAIL_TYPES, EVENT_SOURCE } from '../contracts/event-names.ts'
import type { PipelineEvent } from '../contracts/pipeline-event.ts'
import type { SignedEvent } from '../contracts/signed-event.ts'
import type { EventPublisher } from '../ports/event-publisher.ts'
import { abortable } from './abortable.ts'
import { answered } from './answered.ts'
import { type BatchLimits, publishInBatches } from './publish-in-batches.ts'

/**
 * "The total entry size must be less than 256KB" (EventBridge user guide, "Calculating PutEvents event entry size"). The API
 * reference says 1 MB since 2026; this limit suits both, and SNS has the same. "Array Members: Maximum number of 10 items"
 * (EventBridge API reference, PutEvents, Entries).
 */
export const BUS_LIMITS: BatchLimits = { maxEntries: 10, maxBytes: 256_000 }

export interface EventBusOptions {
  readonly client: EventBridgeClient
  /** Name or ARN. */
  readonly bus: string
  /** Signs an event for the webhook's receiver; `null` if no secret is configured. */
  readonly sign: ((event: PipelineEvent, signal: AbortSignal) => Promise<SignedEvent>) | null
}

/**
 * "The Source and DetailType parameters are the number of bytes for their UTF-8 encoded forms. If specified, the Detail
 * parameter is the number of bytes for its UTF-8 encoded form." (EventBridge user guide, as above)
 */
const sizeOf = ({ Source = '', DetailType = '', Detail = '' }: PutEventsRequestEntry): number =>
  Buffer.byteLength(Source) + Buffer.byteLength(DetailType) + Buffer.byteLength(Detail)

const reasonOf = ({ ErrorCode, ErrorMessage }: PutEventsResultEntry): string =>
  [ErrorCode, ErrorMessage].filter(Boolean).join(': ')

/** Needs `events:PutEvents` on the bus. */
export const openEventBus = ({ client, bus, sign }: EventBusOptions): EventPublisher => {
  const entryOf = async (event: PipelineEvent, signal: AbortSignal): Promise<PutEventsRequestEntry> => ({
    EventBusName: bus,
    Source: EVENT_SOURCE,
    DetailType: DETAIL_TYPES[event.type],
    Detail: JSON.stringify(sign === null ? event : { ...event, signed: await sign(event, signal) }),
  })

  return {
    name: 'event bus',

    publish: (events, signal) =>
      abortable(signal, async () => {
        const entries = await Promise.all(
          events.map(async (event, index) => {
            const entry = await entryOf(event, signal)
            return { index, entry, sizeBytes: sizeOf(entry) }
          }),
        )
        return await publishInBatches(entries, BUS_LIMITS, async (batch) => {
          const command = new PutEventsCommand({ Entries: batch.map(({ entry }) => entry) })
          const { Entries } = await client.send(command, { abortSignal: signal })
          // "The response Entries array always includes the same number of entries as the request array." (EventBridge
          // user guide, "Sending events with PutEvents"). An entry without an id was not accepted, whatever
          // FailedEntryCount is.
          const results = answered(Entries, 'Entries')
          return batch.flatMap((entry, place) => {
            const result = results[place] ?? {}
            return result.EventId === undefined || result.ErrorCode !== undefined
              ? [{ entry, reason: reasonOf(result) || 'the service answered without an event id' }]
              : []
          })
        })
      }),
  }
}
