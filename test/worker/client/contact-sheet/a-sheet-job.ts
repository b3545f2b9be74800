import type { SheetJob } from '../../../../worker/client/contact-sheet/sheet-job.ts'
import { statusOfResultRecord } from '../../../../worker/client/tracking/job-status.ts'
import { aResult, type ResultOverrides, someQuality } from '../../../fixtures/job-records.ts'

/** A job that succeeded with one clip, unless the overrides say otherwise. */
export const aSheetJob = (overrides: ResultOverrides = {}): SheetJob => {
  const result = aResult(overrides)
  return {
    status: statusOfResultRecord(result),
    clips: result.outputs.map(({ video, frames }, index) => ({
      index,
      video: 'data:video/mp4;base64,AAAA',
      poster: 'data:image/webp;base64,AAAA',
      key: video.key,
      frames,
      quality: someQuality,
    })),
    rejected: [],
    thumbnail: null,
  }
}
