import type { MessageQueue } from '../../../shared/ports/message-queue.ts'
import { sendJob } from './bring-back.ts'
import type { ChosenJob } from './choose-jobs.ts'
import { type DeadLetterMessage, isJobs, leaseDeadLetters } from './leased-dead-letters.ts'

/** Polls for messages that were just sent. Most of these arrive at the first poll. */
const LOOKS = 5

/**
 * Sends a dead-letter message for each job that has none, leases it and adds it to `held`. Some messages may not
 * arrive in time.
 */
export const sendMissingDeadLetters = async (
  deadLetters: MessageQueue,
  chosen: readonly ChosenJob[],
  held: Map<string, DeadLetterMessage>,
  signal: AbortSignal,
): Promise<readonly ChosenJob[]> => {
  const missing = new Set<string>()
  for (const { job, deadLetterMessages } of chosen) {
    if (deadLetterMessages.length > 0) continue
    await sendJob(deadLetters, job, signal)
    missing.add(job.job_id)
  }
  for (let look = 1; look <= LOOKS && missing.size > 0; look++) {
    await leaseDeadLetters(deadLetters, held, signal)
    for (const { job } of held.values()) if (job !== null) missing.delete(job.job_id)
  }
  const deadLetterMessages = Map.groupBy([...held.values()].filter(isJobs), ({ job }) => job.job_id)
  return chosen.map((one) => ({ ...one, deadLetterMessages: deadLetterMessages.get(one.job.job_id) ?? [] }))
}
