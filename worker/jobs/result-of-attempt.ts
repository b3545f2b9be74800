import type { JobFailure, JobOutput, ResultRecord } from '../../shared/contracts/result-record.ts'
import { type Attempt, type WorkerIdentity, waitingSeconds } from './attempt.ts'
import { costOf } from './price.ts'

/** End of an attempt that is the job's end too. */
export type Ending =
  | { readonly state: 'succeeded'; readonly outputs: readonly JobOutput[] }
  | { readonly state: 'failed'; readonly failure: JobFailure }
  | { readonly state: 'cancelled' }

const timesOf = (attempt: Attempt): ResultRecord['seconds'] => {
  const { prepareSeconds, rendered, finished, publishSeconds } = attempt
  if (prepareSeconds === null || rendered === null || finished === null || publishSeconds === null)
    return null
  return {
    waiting: waitingSeconds(attempt),
    prepare: prepareSeconds,
    load: rendered.load,
    encode_image: rendered.encodeImage,
    denoise: rendered.denoise,
    decode: rendered.decode,
    encode_video: finished.encodeVideo,
    check: finished.check,
    publish: publishSeconds,
  }
}

/** The job's result record. */
export const resultOf = (
  attempt: Attempt,
  ending: Ending,
  { id, version, executionProvider, device, precision, usdPerHour }: WorkerIdentity,
  finishedAt: Date,
): ResultRecord => ({
  version: 1,
  job_id: attempt.job.job_id,
  state: ending.state,
  attempt: attempt.number,
  job: attempt.job,
  outputs: ending.state === 'succeeded' ? [...ending.outputs] : [],
  failure: ending.state === 'failed' ? ending.failure : null,
  started_at: attempt.startedAt.toISOString(),
  finished_at: finishedAt.toISOString(),
  seconds: timesOf(attempt),
  device_seconds: attempt.deviceSeconds,
  cost_usd: costOf(attempt.deviceSeconds, usdPerHour),
  safer_path: attempt.fallbackDecode,
  decode_chunk_size: attempt.decodeChunk,
  decode_fallbacks: attempt.decodeFallbacks,
  worker: { id, version, execution_provider: executionProvider, device, precision },
})
