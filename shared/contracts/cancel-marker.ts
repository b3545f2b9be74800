import { z } from 'zod'
import { jobIdSchema, timestampSchema } from './job-message.ts'
import { decodeRecord, encodeRecord } from './record-bytes.ts'

/*
 * cancel/ID.json. Workers check only whether it is there. Ingest reads who asked, because it takes back its own
 * requests alone: what a person cancelled stays cancelled until a person brings it back.
 */

const cancelMarkerSchema = z.object({
  version: z.literal(1),
  job_id: jobIdSchema,
  requested_by: z.enum(['person', 'ingest']),
  requested_at: timestampSchema,
})

export type CancelRequester = z.infer<typeof cancelMarkerSchema>['requested_by']

export const encodeCancelMarker = (
  jobId: string,
  requestedBy: CancelRequester,
  now: Date,
): Uint8Array<ArrayBuffer> => {
  const marker: z.infer<typeof cancelMarkerSchema> = {
    version: 1,
    job_id: jobId,
    requested_by: requestedBy,
    requested_at: now.toISOString(),
  }
  return encodeRecord(marker)
}

/** Who asked for the job to be stopped. Markers that do not tell are a person's, as those of earlier versions are. */
export const requesterOf = (marker: Uint8Array): CancelRequester => {
  try {
    return cancelMarkerSchema.parse(decodeRecord(marker)).requested_by
  } catch {
    return 'person'
  }
}
