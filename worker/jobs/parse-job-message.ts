import { z } from 'zod'
import { jobIdOf } from '../../shared/contracts/job-id.ts'
import { type JobMessage, jobMessageSchema } from '../../shared/contracts/job-message.ts'
import { reasonOf } from './reason-of.ts'

export type ParsedMessage =
  | { readonly job: JobMessage }
  /** What is wrong with it: field and rule, one a line. */
  | { readonly fault: string }

const faultOf = (error: unknown): string =>
  error instanceof z.ZodError
    ? error.issues.map(({ path, message }) => `${path.join('.') || 'message'}: ${message}`).join('\n')
    : `message: ${reasonOf(error)}`

/**
 * The job of a message's body. A message of another version of the contract is malformed too: a newer worker may
 * understand it.
 */
export const parseJobMessage = (body: string): ParsedMessage => {
  try {
    const job = jobMessageSchema.parse(JSON.parse(body))
    const jobId = jobIdOf(job.image.pixels_sha256, job.parameters, job.model)
    // Everything is stored under it, so it has to be the job's own.
    if (jobId !== job.job_id)
      return { fault: `job_id: got ${job.job_id}; the picture, parameters and model make it ${jobId}` }
    return { job }
  } catch (error) {
    return { fault: faultOf(error) }
  }
}
