import type { ClipQuality, RejectedVideo } from '../../../shared/contracts/result-record.ts'

/** The clips of a job did not pass their checks, also with the fallback decode. clip-verdict.ts says when that is final. */
export class QualityError extends Error {
  override readonly name = 'QualityError'
  /** Results of the checks of each clip, in the order rendered. */
  readonly quality: readonly ClipQuality[]
  /** Videos that are kept of the last clip. */
  readonly rejected: readonly RejectedVideo[]

  constructor(quality: readonly ClipQuality[], rejected: readonly RejectedVideo[]) {
    super(
      `the clip did not pass its checks: ${[...new Set(quality.flatMap(({ faults }) => faults))].join('; ')}`,
    )
    this.quality = quality
    this.rejected = rejected
  }
}
