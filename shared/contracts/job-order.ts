import { z } from 'zod'
import { timestampSchema } from './job-message.ts'

/** `orders/ID/SHA.json`: an upload that ordered the job ID. Which jobs have one: see functions/ingest/job-orders.ts. */
export const jobOrderSchema = z.object({
  version: z.literal(1),
  /** Key of the upload. */
  key: z.string(),
  /** By the clock that dates reports; orders of earlier versions lack it. */
  ordered_at: timestampSchema.exactOptional(),
  /** When ingest sent the message of a job that had a status; absent: it did not for this order. */
  sent_at: timestampSchema.exactOptional(),
})

export type JobOrder = z.infer<typeof jobOrderSchema>
