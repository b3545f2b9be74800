import { outputKeys } from '../../shared/contracts/bucket-layout.ts'
import type { JobStanding } from '../tracking/job-standing.ts'

/** Where its videos are, or will be. */
export const videoKeys = ({ jobId, parameters, result }: JobStanding): readonly string[] =>
  result !== null && result.outputs.length > 0
    ? result.outputs.map(({ video }) => video.key)
    : outputKeys(jobId, parameters.num_videos_per_prompt).map(({ video }) => video)

/** A job as `--json` prints it, in every command. Its keys are a contract. */
export const jobAsJson = (standing: JobStanding) => ({
  job_id: standing.jobId,
  state: standing.state,
  attempt: standing.attempt,
  phase: standing.phase,
  step: standing.step,
  steps: standing.steps,
  message: standing.message,
  image: standing.image.source_key,
  parameters: standing.parameters,
  origin: standing.origin,
  videos: videoKeys(standing),
  submitted_at: standing.submittedAt,
  updated_at: standing.updatedAt,
  /** The result record as it is; null: not done. */
  result: standing.result,
})

export type JobReport = ReturnType<typeof jobAsJson>
