import { z } from 'zod'
import { timestampSchema } from './job-message.ts'
import { decodeRecord, encodeCompactRecord } from './record-bytes.ts'

/**
 * `dispatch/pause.json` in the output bucket: until when workers take no further job. Dispatch writes it when the day's
 * budget is reached, and with a time in the past when that no longer holds. It need not be deleted.
 */
const pauseRecordSchema = z.strictObject({
  version: z.literal(1),
  until: timestampSchema,
  /** For the worker's log: `the budget of 20 USD for 2026-01-02 is reached`. */
  reason: z.string(),
})

export type PauseRecord = Readonly<Omit<z.infer<typeof pauseRecordSchema>, 'version'>>

export const encodePauseRecord = (record: PauseRecord): Uint8Array =>
  encodeCompactRecord({ version: 1, ...record })

/** Throws for a document that dispatch did not write. */
export const parsePauseRecord = (bytes: Uint8Array): PauseRecord => {
  const { until, reason } = pauseRecordSchema.parse(decodeRecord(bytes))
  return { until, reason }
}
