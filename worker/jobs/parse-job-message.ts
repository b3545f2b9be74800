import { z } from 'zod'
import { jobIdOf } from '../../shared/contracts/job-id.ts'
import { type JobMessage, jobMessageSchema } from '../../shared/contracts/job-message.ts'
import { decodeDefaults, type ParametersDocument } from '../../shared/contracts/parameters-document.ts'
import { readRenderArguments } from '../../shared/contracts/render-arguments.ts'
import { resolveParameters } from '../../shared/contracts/render-parameters.ts'
import { reasonOf } from './reason-of.ts'

export type ParsedMessage =
  | { readonly job: JobMessage }
  /** Faults of a malformed message: field and rule, one a line. */
  | { readonly fault: string }

const faultOf = (error: unknown): string =>
  error instanceof z.ZodError
    ? error.issues.map(({ path, message }) => `${path.join('.') || 'message'}: ${message}`).join('\n')
    : `message: ${reasonOf(error)}`

const spell = (name: string): string => `parameters.${name}`

/**
 * Faults of parameters beyond the bounds of manifests, one a line; null if there are none. A message of another program
 * may have them, and such a clip could take all memory of this process.
 */
const boundsFault = (document: ParametersDocument): string | null => {
  const given = Object.fromEntries(Object.entries(document).filter(([, value]) => value !== null))
  const { values, faults } = readRenderArguments(given, spell)
  if (faults.length > 0) return faults.map(({ field, message }) => `${field}: ${message}`).join('\n')
  try {
    // The checkpoint, which has its own block size, is not known here.
    resolveParameters(values, decodeDefaults(document), { vaeScaleFactor: 1, spell })
    return null
  } catch (error) {
    return reasonOf(error)
  }
}

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
      return { fault: `job_id: got ${job.job_id}; the image, parameters and model make it ${jobId}` }
    const fault = boundsFault(job.parameters)
    return fault === null ? { job } : { fault }
  } catch (error) {
    return { fault: faultOf(error) }
  }
}
