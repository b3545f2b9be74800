import type { ClipQuality } from '../../shared/contracts/result-record.ts'
import type { JobStanding } from '../tracking/job-standing.ts'

export interface SheetClip {
  /** A data URI, or a path beside the page. */
  readonly video: string
  /** Still shown until the clip plays; null: none. */
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

/** What a card shows. */
export interface SheetJob {
  readonly standing: JobStanding
  readonly clips: readonly SheetClip[]
  /** Clips of a job that failed, as long as the bucket keeps them. */
  readonly rejected: readonly RejectedSheetClip[]
  /** The input, small, where there is no clip; null: it is not at hand. */
  readonly picture: string | null
}
