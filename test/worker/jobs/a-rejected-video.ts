import { rejectedKeys } from '../../../shared/contracts/bucket-layout.ts'
import type { RejectedVideo } from '../../../shared/contracts/result-record.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { QUALITY } from './quality/a-quality.ts'

/** The only video of its attempt, which is black. */
export const aRejectedVideo = (attemptId: string, workerId: string): RejectedVideo => {
  const [keys] = rejectedKeys(aJobMessage().job_id, attemptId, 1)
  const file = (key: string) => ({ key, size_bytes: 3, sha256: 'a'.repeat(64) })
  return {
    ...{ attempt_id: attemptId, worker_id: workerId, frames: 14 },
    ...{ video: file(keys!.video), poster: file(keys!.poster) },
    quality: { ...QUALITY, faults: ['black: frame 0'] },
  }
}
