import type { SpentAttempt } from '../../../shared/contracts/status-record.ts'

/*
 * What a clip that failed its checks means for its job. A worker with damaged weights or a broken card fails the clips of
 * innocent jobs, so one worker's word alone does not end a job:
 *
 *   a clip of the job failed its checks on another worker too       confirmed: the job has failed
 *   a clip of another job passed here since this job's first        confirmed: this worker makes good clips (a clip with
 *                                                                   warnings is not counted among them)
 *   neither, and it is the third clip of the job that failed        unconfirmed: the job has failed all the same
 *   neither                                                         open: the job is tried again, and the attempt counts
 */
export type ClipVerdict = 'confirmed' | 'unconfirmed' | 'open'

/** The first, and two further ones. */
const MOST_FAILED_CLIPS = 3

/** `attempts`: those that count, with the one that has just ended. */
export const judgeFailedClip = (
  attempts: readonly SpentAttempt[],
  { workerId, hasPassedSince }: { readonly workerId: string; readonly hasPassedSince: boolean },
): ClipVerdict => {
  const failed = attempts.filter(({ failed_checks }) => failed_checks === true)
  if (hasPassedSince || failed.some(({ worker_id }) => worker_id !== workerId)) return 'confirmed'
  return failed.length >= MOST_FAILED_CLIPS ? 'unconfirmed' : 'open'
}
