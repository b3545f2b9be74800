import { createHash } from 'node:crypto'
import { normalizedImageKey } from '../../../../shared/contracts/bucket-layout.ts'
import { jobIdOf } from '../../../../shared/contracts/job-id.ts'
import type { JobMessage } from '../../../../shared/contracts/job-message.ts'
import type { ParametersDocument } from '../../../../shared/contracts/parameters-document.ts'
import {
  type ClipQuality,
  type JobFailure,
  type JobOutput,
  type ResultRecord,
  resultRecordSchema,
} from '../../../../shared/contracts/result-record.ts'
import { type StatusRecord, statusRecordSchema } from '../../../../shared/contracts/status-record.ts'

const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex')

/** An id that can be told from others by its beginning; it is not that of the job's picture and parameters. */
export const jobIdLike = (beginning: string): string => beginning.padEnd(32, '0')

export const someParameters: ParametersDocument = {
  width: 192,
  height: 128,
  num_frames: 14,
  num_inference_steps: 4,
  sigmas: null,
  min_guidance_scale: 1,
  max_guidance_scale: 1.5,
  fps: 7,
  motion_bucket_id: 127,
  noise_aug_strength: 0.02,
  decode_chunk_size: null,
  num_videos_per_prompt: 1,
  seed: 0,
  fit: 'fill',
  decode_overlap: 0,
}

export interface JobOverrides {
  readonly jobId?: string
  readonly picture?: string
  readonly parameters?: Partial<ParametersDocument>
  readonly manifest?: { readonly key: string; readonly item: number }
  readonly submittedAt?: string
}

const model = { id: 'svd-demo', sha256: sha256Of('svd-demo') }

export const aJobMessage = ({
  jobId,
  picture = 'images/cup.png',
  parameters = {},
  manifest,
  submittedAt = '2026-11-24T12:00:00.000Z',
}: JobOverrides = {}): JobMessage => ({
  version: 1,
  job_id: jobId ?? jobIdOf(sha256Of(picture), { ...someParameters, ...parameters }, model),
  image: {
    source_key: picture,
    key: normalizedImageKey(sha256Of(picture)),
    pixels_sha256: sha256Of(picture),
    width: 640,
    height: 427,
  },
  parameters: { ...someParameters, ...parameters },
  model,
  origin: {
    kind: manifest === undefined ? 'image' : 'manifest',
    bucket: 'in',
    key: manifest?.key ?? picture,
    version_id: null,
    etag: '"e"',
    item: manifest?.item ?? null,
    item_id: null,
  },
  group: 'default',
  trace_id: 'trace',
  submitted_at: submittedAt,
})

export const someQuality: ClipQuality = {
  faults: [],
  warnings: [],
  non_finite_values: 0,
  darkest_frame_mean: 83.4,
  largest_frame_change: 4.1,
  smallest_frame_change: 1.2,
  seam_change_ratio: null,
  first_frame_psnr_db: 29.7,
  container_frames: 14,
}

const attemptOf = (jobId: string): string => `jobs/${jobId}/attempts/0001-9f3c41d07be25a68`

export const anOutput = (jobId: string, video = 'video', overrides: Partial<JobOutput> = {}): JobOutput => ({
  video: { key: `${attemptOf(jobId)}/${video}.mp4`, size_bytes: video.length, sha256: sha256Of(video) },
  poster: { key: `${attemptOf(jobId)}/${video}.poster.png`, size_bytes: 6, sha256: sha256Of('poster') },
  frames: 14,
  quality: someQuality,
  ...overrides,
})

export type ResultOverrides = JobOverrides & Partial<Omit<ResultRecord, 'job' | 'job_id'>>

/** A success unless `state` says otherwise. */
export const aResult = (overrides: ResultOverrides = {}): ResultRecord => {
  const { jobId, picture: _, parameters, manifest, submittedAt, ...fields } = overrides
  const job = aJobMessage(overrides)
  return resultRecordSchema.parse({
    version: 1,
    job_id: job.job_id,
    state: 'succeeded',
    attempt: 1,
    job,
    outputs: fields.state === undefined || fields.state === 'succeeded' ? [anOutput(job.job_id)] : [],
    failure: null,
    started_at: '2026-11-24T12:00:05.000Z',
    finished_at: '2026-11-24T12:00:20.000Z',
    seconds: {
      waiting: 5,
      prepare: 0.2,
      load: 0,
      encode_image: 0.4,
      denoise: 9.1,
      decode: 4.2,
      encode_video: 0.4,
      check: 0.1,
      publish: 0.1,
    },
    device_seconds: 13.7,
    cost_usd: null,
    safer_path: false,
    decode_chunk_size: 4,
    decode_fallbacks: 0,
    worker: { id: 'worker-1', version: '0.1.0', execution_provider: 'cpu' },
    ...fields,
  } satisfies ResultRecord)
}

export const aFailure = (failure: Partial<JobFailure> = {}, overrides: ResultOverrides = {}): ResultRecord =>
  aResult({
    state: 'failed',
    attempt: 3,
    failure: { class: 'exhausted', reason: 'the renderer ended', quality: [], rejected: [], ...failure },
    ...overrides,
  })

export type StatusOverrides = JobOverrides & Partial<Omit<StatusRecord, 'job_id' | 'parameters'>>

export const aStatus = (overrides: StatusOverrides = {}): StatusRecord => {
  const { jobId, picture: _, parameters, manifest, submittedAt, ...fields } = overrides
  const { job_id, image, parameters: all, origin, submitted_at } = aJobMessage(overrides)
  return statusRecordSchema.parse({
    version: 1,
    job_id,
    state: 'queued',
    attempt: 0,
    phase: null,
    step: 0,
    steps: 0,
    worker_id: null,
    message: null,
    attempts: [],
    waits_for_model: null,
    image,
    parameters: all,
    origin,
    submitted_at,
    updated_at: submitted_at,
    ...fields,
  } satisfies StatusRecord)
}
