import { createHash } from 'node:crypto'
import { normalizedImageKey } from '../../../shared/contracts/bucket-layout.ts'
import { jobIdOf } from '../../../shared/contracts/job-id.ts'
import type { JobMessage } from '../../../shared/contracts/job-message.ts'
import type { ParametersDocument } from '../../../shared/contracts/parameters-document.ts'

const PARAMETERS: ParametersDocument = {
  width: 64,
  height: 64,
  num_frames: 14,
  num_inference_steps: 4,
  sigmas: null,
  min_guidance_scale: 1,
  max_guidance_scale: 3,
  fps: 7,
  motion_bucket_id: 127,
  noise_aug_strength: 0.02,
  decode_chunk_size: null,
  num_videos_per_prompt: 1,
  seed: 0,
  fit: 'fill',
  decode_overlap: 0,
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

export interface JobOptions {
  /** Another picture, another job. */
  readonly picture?: string
  readonly parameters?: Partial<ParametersDocument>
  readonly submittedAt?: Date
}

/** A job as ingest would queue it. */
export const aJob = ({
  picture = 'cat',
  parameters = {},
  submittedAt = new Date('2026-01-01T00:00:00Z'),
}: JobOptions = {}): JobMessage => {
  const pixelsSha256 = sha256(picture)
  const all = { ...PARAMETERS, ...parameters }
  const model = { id: 'svd-xt', sha256: sha256('svd-xt') }
  const sourceKey = `images/${picture}.png`
  return {
    version: 1,
    job_id: jobIdOf(pixelsSha256, all, model),
    image: {
      source_key: sourceKey,
      key: normalizedImageKey(pixelsSha256),
      pixels_sha256: pixelsSha256,
      width: 64,
      height: 64,
    },
    parameters: all,
    model,
    origin: {
      kind: 'image',
      bucket: 'input',
      key: sourceKey,
      version_id: null,
      etag: '"1"',
      item: null,
      item_id: null,
    },
    group: 'images',
    trace_id: `trace-${picture}`,
    submitted_at: submittedAt.toISOString(),
  }
}
