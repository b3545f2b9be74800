import { resultKey } from '../../../shared/contracts/bucket-layout.ts'
import { resultRecordSchema } from '../../../shared/contracts/result-record.ts'
import { inLanes } from '../../../shared/in-lanes.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { readReadableRecord } from '../../../shared/records/read-record.ts'

const LANES = 16

export interface BatchCost {
  readonly usd: number
  /** Whether it is the mean of some jobs times the count of all, because the cost of others was not read or is not known. */
  readonly isEstimated: boolean
}

/** At most `count` of the items, evenly spread. */
const spread = <T>(items: readonly T[], count: number): readonly T[] =>
  items.length <= count
    ? items
    : Array.from({ length: count }, (_, index) => items[Math.floor((index * items.length) / count)] as T)

/**
 * Dollars that the jobs cost, by the records of at most `mostRead` of them; `null` if no record has a cost, as where
 * workers know no price. A job whose record has none counts with the mean of the others.
 */
export const readBatchCost = async (
  outputs: ObjectStore,
  jobIds: readonly string[],
  mostRead: number,
  signal: AbortSignal,
): Promise<BatchCost | null> => {
  const read = spread(jobIds, mostRead)
  const costs = await inLanes(read, LANES, async (jobId) => {
    const stored = await readReadableRecord(outputs, resultKey(jobId), resultRecordSchema, signal)
    return stored?.record.cost_usd ?? null
  })
  const known = costs.filter((cost) => cost !== null)
  if (known.length === 0) return null
  const sum = known.reduce((total, cost) => total + cost, 0)
  return known.length === jobIds.length
    ? { usd: sum, isEstimated: false }
    : { usd: (sum / known.length) * jobIds.length, isEstimated: true }
}
