import type { JobStanding } from '../../client/tracking/job-standing.ts'

/** Keys of the job's videos; empty until its result names them. */
export const videoKeys = ({ result }: Pick<JobStanding, 'result'>): readonly string[] =>
  result?.outputs.map(({ video }) => video.key) ?? []

/** A job as `--json` prints it, in every command. Its keys are a contract. */
export const jobAsJson = (standing: JobStanding) => ({
  job_id: standing.jobId,
  state: standing.state,
  attempt: standing.attempt,
  phase: standing.phase,
  step: standing.step,
  steps: standing.steps,
  message: standing.message,
  waits_for_model: standing.waitsForModel,
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
