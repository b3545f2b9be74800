import type { FailureClass, ResultRecord } from '../../../shared/contracts/result-record.ts'

const SHA256 = 'a'.repeat(64)
export const JOB_ID = '0123456789abcdef0123456789abcdef'

/** Of a job of one video that went well, unless changed. */
export const aResult = (changes: Partial<ResultRecord> = {}): ResultRecord => ({
  version: 1,
  job_id: JOB_ID,
  state: 'succeeded',
  attempt: 2,
  job: {
    version: 1,
    job_id: JOB_ID,
    image: { source_key: 'images/a.png', key: 'inputs/a.png', pixels_sha256: SHA256, width: 8, height: 8 },
    parameters: {
      width: 8,
      height: 8,
      num_frames: 2,
      num_inference_steps: 2,
      sigmas: null,
      min_guidance_scale: 1,
      max_guidance_scale: 1,
      fps: 7,
      motion_bucket_id: 127,
      noise_aug_strength: 0.02,
      decode_chunk_size: null,
      num_videos_per_prompt: 1,
      seed: 0,
      fit: 'fill',
      decode_overlap: 0,
    },
    model: { id: 'demo', sha256: SHA256 },
    origin: {
      kind: 'image',
      bucket: 'inputs',
      key: 'images/a.png',
      version_id: null,
      etag: '"a"',
      item: null,
      item_id: null,
    },
    group: 'default',
    trace_id: 'trace-1',
    submitted_at: '2026-11-22T10:00:00.000Z',
  },
  outputs: [],
  failure: null,
  started_at: '2026-11-22T10:00:05.000Z',
  finished_at: '2026-11-22T10:01:05.500Z',
  seconds: null,
  device_seconds: 50.25,
  cost_usd: 0.014,
  safer_path: false,
  decode_chunk_size: 2,
  decode_fallbacks: 0,
  worker: { id: 'worker-1', version: '0.1.0', execution_provider: 'cpu' },
  ...changes,
})

export const aFailedResult = (failureClass: FailureClass): ResultRecord =>
  aResult({
    state: 'failed',
    failure: { class: failureClass, reason: 'it is black', quality: [], rejected: [] },
    cost_usd: null,
  })
