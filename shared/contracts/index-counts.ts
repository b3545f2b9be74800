import { z } from 'zod'
import { COUNTED_KINDS } from './index-entry.ts'
import { timestampSchema } from './job-message.ts'

/** Jobs of the entries from `since` on and before `until`. */
export const countedRangeSchema = z.strictObject({
  /** `null` if the range starts at the first entry. */
  since: timestampSchema.nullable(),
  until: timestampSchema,
  jobs: z.int().nonnegative(),
  /** When the listing of its entries began. */
  counted_at: timestampSchema,
})

const rangesSchema = z.array(countedRangeSchema).readonly()

/**
 * `index/counts.json`: how many jobs are in those parts of the index that are counted already. What lies between is to be
 * listed.
 */
export const indexCountsSchema = z.strictObject({
  version: z.literal(1),
  /** Grows with each write, so that no two writes have the same ETag. */
  generation: z.int().nonnegative(),
  /** Ranges of each kind, the newest first; none overlap. */
  counted: z.strictObject(
    Object.fromEntries(COUNTED_KINDS.map((kind) => [kind, rangesSchema])) as Record<
      (typeof COUNTED_KINDS)[number],
      typeof rangesSchema
    >,
  ),
})

export type CountedRange = z.infer<typeof countedRangeSchema>
export type IndexCounts = z.infer<typeof indexCountsSchema>

export const NO_COUNTS: IndexCounts = {
  version: 1,
  generation: 0,
  counted: { queued: [], succeeded: [], failed: [], cancelled: [] },
}
