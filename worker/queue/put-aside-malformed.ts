import { backOffSeconds, JOB_BACK_OFF } from '../../shared/back-off.ts'
import type { ReceivedMessage } from '../../shared/ports/message-queue.ts'
import { withTimeLimit } from '../../shared/time-limit.ts'
import { closing } from '../jobs/close-job.ts'
import type { WorkingDeps } from './worker-deps.ts'

/** Group of a message that was sent without one. */
const NO_GROUP = 'malformed'

/**
 * Treats a message that is not a job like one whose job fails: makes it invisible for a while, and in the end sends it
 * to the dead-letter queue, where it is reported. A newer worker may understand it before that. Never throws.
 */
export const putAsideMalformed = async (
  { messageId, receiptHandle, receiveCount, body, groupId }: ReceivedMessage,
  fault: string,
  { jobs, deadLetters, maxAttempts, clock, random, onEvent, until }: WorkingDeps,
): Promise<void> => {
  onEvent({ type: 'message-malformed', messageId, reason: fault })
  const delaySeconds = backOffSeconds(receiveCount, JOB_BACK_OFF, random)
  await withTimeLimit(closing({ clock, until }), async (signal) => {
    if (receiveCount < maxAttempts || deadLetters === null)
      return await jobs.setVisibility(receiptHandle, delaySeconds, signal)
    const [refused] = await deadLetters.send([{ body, groupId: groupId ?? NO_GROUP }], signal)
    if (refused === undefined) await jobs.remove(receiptHandle, signal)
  }).catch(() => {})
}
