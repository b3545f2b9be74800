import type { MessageQueue } from '../../shared/ports/message-queue.ts'
import { sendJob } from './bring-back.ts'
import type { ChosenJob } from './choose-jobs.ts'
import { type HeldLetter, holdLetters, isJobs } from './held-letters.ts'

/** A message that was just sent is mostly there at the first look. */
const LOOKS = 5

/** Makes dead letters of the jobs that have none, and holds them: adds to `held`. Some may not come in time. */
export const giveLetters = async (
  deadLetters: MessageQueue,
  chosen: readonly ChosenJob[],
  held: Map<string, HeldLetter>,
  signal: AbortSignal,
): Promise<readonly ChosenJob[]> => {
  const missing = new Set<string>()
  for (const { job, letters } of chosen) {
    if (letters.length > 0) continue
    await sendJob(deadLetters, job, signal)
    missing.add(job.job_id)
  }
  for (let look = 1; look <= LOOKS && missing.size > 0; look++) {
    await holdLetters(deadLetters, held, signal)
    for (const { job } of held.values()) if (job !== null) missing.delete(job.job_id)
  }
  const letters = Map.groupBy([...held.values()].filter(isJobs), ({ job }) => job.job_id)
  return chosen.map((one) => ({ ...one, letters: letters.get(one.job.job_id) ?? [] }))
}
