import type { ClipQuality } from '../../../../shared/contracts/result-record.ts'

/** The measurements of a clip that has no faults. */
export const QUALITY: ClipQuality = {
  faults: [],
  warnings: [],
  non_finite_values: 0,
  darkest_frame_mean: 100,
  largest_frame_change: 4,
  smallest_frame_change: 1,
  seam_change_ratio: null,
  first_frame_psnr_db: 30,
  container_frames: 14,
}
