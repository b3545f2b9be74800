import type { Clock } from '../../shared/clock.ts'
import { REJECTED_TAG, rejectedKeys } from '../../shared/contracts/bucket-layout.ts'
import type { RejectedVideo } from '../../shared/contracts/result-record.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { withTimeLimit } from '../../shared/time-limit.ts'
import type { FinishedVideo } from './job-stages.ts'
import { reasonOf } from './reason-of.ts'
import { storeVideo } from './store-video.ts'

/** Limit for all files of a clip. A good clip may wait behind this one to be finished. */
const STORE_LIMIT_MS = 60_000

const TAGS = { [REJECTED_TAG.name]: REJECTED_TAG.value }

export interface RejectingAttempt {
  readonly jobId: string
  readonly attemptId: string
  readonly workerId: string
}

export interface StoredRejected {
  readonly rejected: readonly RejectedVideo[]
  /** Reason why other files could not be uploaded; null if all are there. */
  readonly failure: string | null
}

/**
 * Uploads the videos of a clip that did not pass its checks, so that people can look at what was rejected. It is for
 * people alone: an upload that fails changes nothing about the job. Throws the signal's reason, and nothing else.
 */
export const storeRejected = async (
  store: ObjectStore,
  { jobId, attemptId, workerId }: RejectingAttempt,
  videos: readonly FinishedVideo[],
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<StoredRejected> => {
  const rejected: RejectedVideo[] = []
  try {
    await withTimeLimit({ clock, signal, limitMs: STORE_LIMIT_MS }, async (within) => {
      for (const [index, keys] of rejectedKeys(jobId, attemptId, videos.length).entries()) {
        const stored = await storeVideo(store, keys, videos[index]!, { tags: TAGS }, within)
        rejected.push({ attempt_id: attemptId, worker_id: workerId, ...stored })
      }
    })
    return { rejected, failure: null }
  } catch (error) {
    signal.throwIfAborted()
    return { rejected, failure: reasonOf(error) }
  }
}
