import type { ClipQuality } from '../../shared/contracts/result-record.ts'

/** The clips of a job did not pass their checks, also on the safer path. clip-verdict.ts says when that is final. */
export class QualityError extends Error {
  override readonly name = 'QualityError'
  /** Of each clip, in the order rendered. */
  readonly quality: readonly ClipQuality[]

  constructor(quality: readonly ClipQuality[]) {
    super(
      `the clip did not pass its checks: ${[...new Set(quality.flatMap(({ faults }) => faults))].join('; ')}`,
    )
    this.quality = quality
  }
}
