import type { ClipQuality } from '../../../../../shared/contracts/result-record.ts'
import type { SheetJob } from '../../../../../worker/client/contact-sheet/sheet-job.ts'
import { statusOfResultRecord } from '../../../../../worker/client/tracking/job-status.ts'
import { jobIdLike } from '../../../../fixtures/a-job-message.ts'
import { aFailure, anOutput, someQuality } from '../../../../fixtures/job-records.ts'
import { aSheetJob } from '../a-sheet-job.ts'

/** A job with a clip of these figures. */
export const aJobLike = (
  name: string,
  motionBucketId: number,
  quality: Partial<ClipQuality> = {},
): SheetJob => {
  const sourceKey = `images/${name}.png`
  const job = aSheetJob({ sourceKey, parameters: { motion_bucket_id: motionBucketId } })
  return { ...job, clips: job.clips.map((clip) => ({ ...clip, quality: { ...someQuality, ...quality } })) }
}

export const aFailedJob = (name: string): SheetJob => ({
  status: statusOfResultRecord(
    aFailure(
      { class: 'exhausted', reason: 'the worker vanished' },
      { sourceKey: `images/${name}.png`, parameters: { motion_bucket_id: 40 } },
    ),
  ),
  clips: [],
  rejected: [],
  thumbnail: null,
})

/** Two images with two motions each, and a job that failed. */
export const someJobs = (): readonly SheetJob[] => [
  aJobLike('cup', 40, { largest_frame_change: 2, first_frame_psnr_db: 30 }),
  aJobLike('cup', 220, { largest_frame_change: 9.04, first_frame_psnr_db: 24, warnings: ['seams: high'] }),
  aJobLike('cat', 40, { largest_frame_change: 3, first_frame_psnr_db: 20 }),
  aJobLike('cat', 220, { largest_frame_change: 7, first_frame_psnr_db: 27 }),
  aFailedJob('sky'),
]

/** A job with two clips. */
export const aJobOfTwoClips = (): SheetJob => {
  const jobId = jobIdLike('dd')
  return aSheetJob({ jobId, outputs: [anOutput(jobId, 'one'), anOutput(jobId, 'two')] })
}

/** Names of the clips as lists of kept clips have them. */
export const clipIds = (jobs: readonly SheetJob[]): readonly string[] =>
  jobs.flatMap(({ status, clips }) => clips.map(({ index }) => `${status.jobId}/${index}`))
