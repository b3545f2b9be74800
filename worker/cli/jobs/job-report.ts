import { sizeOfClip } from '../../../shared/contracts/clip-size.ts'
import { filesOfOutput } from '../../../shared/contracts/result-record.ts'
import type { JobStatus } from '../../client/tracking/job-status.ts'

/** Keys of the job's videos in the formats that it asks for; empty until its result names them. */
export const videoKeys = ({ result }: Pick<JobStatus, 'result'>): readonly string[] =>
  result?.outputs.flatMap((output) => filesOfOutput(output).map(({ key }) => key)) ?? []

/** A job as `--json` prints it, in every command. Its keys are a contract. */
export const jobAsJson = (status: JobStatus) => ({
  job_id: status.jobId,
  state: status.state,
  attempt: status.attempt,
  phase: status.phase,
  step: status.step,
  steps: status.steps,
  message: status.message,
  waits_for_model: status.waitsForModel,
  image: status.image.source_key,
  parameters: status.parameters,
  size: sizeOfClip(status.image, status.parameters),
  origin: status.origin,
  videos: videoKeys(status),
  submitted_at: status.submittedAt,
  updated_at: status.updatedAt,
  /** The result record as it is; null: not done. */
  result: status.result,
})

export type JobReport = ReturnType<typeof jobAsJson>
