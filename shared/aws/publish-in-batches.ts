import type { RefusedEvent } from '../ports/event-publisher.ts'

/** An entry of a batch request. */
export interface BatchEntry<Entry> {
  /** Index of the event among those of the call. */
  readonly index: number
  readonly entry: Entry
  /** Byte count as the service counts it. */
  readonly sizeBytes: number
}

export interface BatchLimits {
  readonly maxEntries: number
  /** Byte count that the entries of one request, and so each entry, may have. */
  readonly maxBytes: number
}

/** Sends one batch. Returns the entries that failed, each with the service's error code and message. */
export type SendBatch<Entry> = (
  batch: readonly BatchEntry<Entry>[],
) => Promise<readonly { readonly entry: BatchEntry<Entry>; readonly reason: string }[]>

/** Groups entries in their order, each batch as full as the limits allow. Each entry fits by itself. */
export const batchesWithin = <Entry>(
  entries: readonly BatchEntry<Entry>[],
  { maxEntries, maxBytes }: BatchLimits,
): readonly (readonly BatchEntry<Entry>[])[] => {
  const batches: BatchEntry<Entry>[][] = []
  let bytes = 0
  for (const entry of entries) {
    const last = batches.at(-1)
    bytes += entry.sizeBytes
    if (last === undefined || last.length === maxEntries || bytes > maxBytes) {
      batches.push([entry])
      bytes = entry.sizeBytes
    } else {
      last.push(entry)
    }
  }
  return batches
}

/**
 * Errors by which EventBridge and SNS refuse a request for what is in it, as the SDK names them (EventBridge API reference,
 * Common Errors; SNS API reference, PublishBatch). Missing rights, keys of KMS and throttling are not among them: they are
 * of all events alike.
 */
const REFUSALS = new Set([
  ...['ValidationException', 'ValidationError', 'InvalidArgument'],
  ...['InvalidParameterException', 'InvalidParameterValueException', 'BatchRequestTooLongException'],
])

const isRefusal = (error: unknown): error is Error => error instanceof Error && REFUSALS.has(error.name)

/**
 * Publishes entries in batches, one after the other. A request that is refused for its content is sent again entry by
 * entry, so that one entry keeps none of the others back. Returns the refused entries, by index.
 */
export const publishInBatches = async <Entry>(
  entries: readonly BatchEntry<Entry>[],
  limits: BatchLimits,
  send: SendBatch<Entry>,
): Promise<readonly RefusedEvent[]> => {
  const refused: RefusedEvent[] = []
  const publish = async (batch: readonly BatchEntry<Entry>[]): Promise<void> => {
    try {
      for (const { entry, reason } of await send(batch)) refused.push({ index: entry.index, reason })
    } catch (error) {
      if (!isRefusal(error)) throw error
      const [only, ...others] = batch
      if (only !== undefined && others.length === 0)
        refused.push({ index: only.index, reason: `${error.name}: ${error.message}` })
      else for (const entry of batch) await publish([entry])
    }
  }
  const fits: BatchEntry<Entry>[] = []
  for (const entry of entries) {
    const { index, sizeBytes } = entry
    if (sizeBytes <= limits.maxBytes) fits.push(entry)
    else
      refused.push({
        index,
        reason: `has ${sizeBytes} bytes, more than the ${limits.maxBytes} that are accepted`,
      })
  }
  for (const batch of batchesWithin(fits, limits)) await publish(batch)
  return refused.sort((a, b) => a.index - b.index)
}
