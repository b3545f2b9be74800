import type { ClipQuality } from '../../../shared/contracts/result-record.ts'
import type { JobStatus } from '../tracking/job-status.ts'

export interface SheetClip {
  /** Position among the job's videos, from 0. */
  readonly index: number
  /** A data URI, or a path beside the page. `null` if no browser plays the file, and the page has no files beside it. */
  readonly video: string | null
  /** Still image that is shown until the clip plays; `null` if there is none. */
  readonly poster: string | null
  /** Its key in the output bucket. */
  readonly key: string
  readonly frames: number
  readonly quality: ClipQuality
}

/** A clip that did not pass its checks, and so is not an output. */
export interface RejectedSheetClip extends SheetClip {
  readonly attemptId: string
  readonly workerId: string
}

/** A job as its card shows it. */
export interface SheetJob {
  readonly status: JobStatus
  readonly clips: readonly SheetClip[]
  /** Clips of a job that failed, as long as the bucket keeps them. */
  readonly rejected: readonly RejectedSheetClip[]
  /** Thumbnail of the input where there is no clip; `null` if there is a clip, or the image is gone. */
  readonly thumbnail: string | null
}
