/*
 * Time limits of the stages of a job around its render. A render is watched by its own signs of life, see
 * running-job.ts. So is ffmpeg, see run-ffmpeg.ts.
 */

/** Time limit for fetching an image, which has at most 100 MB, and for fitting it, which takes seconds. */
export const PREPARE_LIMIT_MS = 300_000

const UPLOAD_ALLOWANCE_MS = 60_000
const SLOWEST_BYTES_PER_SECOND = 512 * 1024

/** Time limit for uploading the files of a clip. */
export const uploadLimitMs = (sizeBytes: number): number =>
  UPLOAD_ALLOWANCE_MS + Math.ceil(sizeBytes / SLOWEST_BYTES_PER_SECOND) * 1000
