import type { JobOutput } from '../../../shared/contracts/result-record.ts'
import { MAX_IMAGE_BYTES } from '../../../shared/image/decode-image.ts'
import { inLanes } from '../../../shared/in-lanes.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import type { JobStatus } from '../tracking/job-status.ts'
import { clipMedia, endingOf } from './clip-media.ts'
import type { PlaceSheetFile } from './sheet-files.ts'
import type { RejectedSheetClip, SheetClip, SheetJob } from './sheet-job.ts'
import { thumbnail } from './thumbnail.ts'

/** Jobs collected at once. Each has a clip and a decoded image in memory. */
const LANES = 4

interface Collecting {
  readonly outputs: ObjectStore
  readonly place: PlaceSheetFile
  /** Whether files are placed that no browser plays. */
  readonly unplayed: boolean
  readonly signal: AbortSignal
}

/** Places a thumbnail. Returns `null` if the image is gone or invalid: a page without it is better than none. */
const placeThumbnail = async (
  key: string,
  name: string,
  { outputs, place, signal }: Collecting,
): Promise<string | null> => {
  try {
    const stored = await outputs.read(key, { maxBytes: MAX_IMAGE_BYTES }, signal)
    if (stored === null) return null
    return await place({ name, type: 'image/webp', bytes: await thumbnail(stored.bytes) })
  } catch (error) {
    if (signal.aborted) throw error
    return null
  }
}

const collectClip = async (
  { video, poster, frames, quality }: JobOutput,
  index: number,
  name: string,
  collecting: Collecting,
): Promise<SheetClip | null> => {
  const { outputs, place, unplayed, signal } = collecting
  const type = clipMedia(video.key)?.type
  const about = { index, key: video.key, frames, quality }
  const placePoster = () => placeThumbnail(poster.key, `${name}.webp`, collecting)
  if (type === undefined && !unplayed) return { ...about, video: null, poster: await placePoster() }
  const stored = await outputs.read(video.key, { maxBytes: video.size_bytes }, signal)
  if (stored === null) return null
  const file = { name: `${name}.${endingOf(video.key)}`, type: type ?? 'application/octet-stream' }
  return { ...about, video: await place({ ...file, bytes: stored.bytes }), poster: await placePoster() }
}

const collectJob = async (status: JobStatus, collecting: Collecting): Promise<SheetJob> => {
  const { jobId, result, image } = status
  const clips: SheetClip[] = []
  for (const [index, output] of (result?.outputs ?? []).entries()) {
    const clip = await collectClip(output, index, `${jobId}-${index}`, collecting)
    if (clip !== null) clips.push(clip)
  }
  const rejected: RejectedSheetClip[] = []
  for (const [index, output] of (result?.failure?.rejected ?? []).entries()) {
    const clip = await collectClip(output, index, `${jobId}-rejected-${index}`, collecting)
    if (clip !== null) rejected.push({ ...clip, attemptId: output.attempt_id, workerId: output.worker_id })
  }
  const thumbnail =
    clips.length + rejected.length > 0
      ? null
      : await placeThumbnail(image.key, `${jobId}-image.webp`, collecting)
  return { status, clips, rejected, thumbnail }
}

/** Fetches what a page shows of jobs. A clip that is gone from the bucket, as rejected ones are some day, is left out. */
export const collectJobs = (
  statuses: readonly JobStatus[],
  collecting: Collecting,
): Promise<readonly SheetJob[]> => inLanes(statuses, LANES, (status) => collectJob(status, collecting))
