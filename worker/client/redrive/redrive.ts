import type { JobMessage } from '../../../shared/contracts/job-message.ts'
import type { ResultRecord } from '../../../shared/contracts/result-record.ts'
import { inLanes } from '../../../shared/in-lanes.ts'
import { type BringBackOutcome, bringBack, type RedriveDeps } from './bring-back.ts'
import { type ChosenJob, chooseJobs } from './choose-jobs.ts'
import { type DeadLetterMessage, leaseDeadLetters, releaseDeadLetters } from './leased-dead-letters.ts'
import { mayComeBack, type RedriveFilter } from './redrive-filter.ts'
import { sendMissingDeadLetters } from './send-missing-dead-letters.ts'

export interface RedrivenJob {
  readonly job: JobMessage
  /** The last result before the redrive; `null` if no record said that the job failed. */
  readonly result: ResultRecord | null
  /**
   * - `chosen`   of a dry run: it would be brought back
   * - `waiting`  the dead-letter message sent for it did not arrive in time; the next redrive brings it back
   */
  readonly outcome: BringBackOutcome | 'chosen' | 'waiting'
}

export interface RedriveReport {
  readonly jobs: readonly RedrivenJob[]
  /** Count of dead-letter messages of other jobs, which do not pass the filter. */
  readonly deadLettersLeft: number
  /** Ids of dead-letter messages that are not valid job messages. They stay in their queue. */
  readonly malformed: readonly string[]
}

export interface RedriveOptions {
  readonly filter: RedriveFilter
  /** Changes nothing. */
  readonly dryRun: boolean
}

/** Each job is six requests, one after the other. */
const LANES = 16

const bringJobBack = async (
  deps: RedriveDeps,
  { job, deadLetterMessages }: ChosenJob,
  { filter, held }: { readonly filter: RedriveFilter; readonly held: Map<string, DeadLetterMessage> },
  signal: AbortSignal,
): Promise<RedrivenJob['outcome']> => {
  let outcome: RedrivenJob['outcome'] = 'waiting'
  for (const deadLetter of deadLetterMessages) {
    const { messageId, receiptHandle } = deadLetter.message
    // A second copy of what is in the queue by now has nothing more to bring back.
    if (outcome === 'brought-back') await deps.deadLetters.remove(receiptHandle, signal)
    else outcome = await bringBack(deps, { ...deadLetter, job }, filter, signal)
    if (outcome !== 'out-of-reach') held.delete(messageId)
  }
  return outcome
}

/**
 * Brings failed jobs back into the queue (see `bringBack`). A job without a dead-letter message first gets one from
 * its record. So there is one way back, and it never depends on this process.
 *
 * Throws if store or queue fail. Jobs that were not brought back by then can be redriven again.
 */
export const redrive = async (
  deps: RedriveDeps,
  { filter, dryRun }: RedriveOptions,
  signal: AbortSignal,
): Promise<RedriveReport> => {
  const { outputs, deadLetters } = deps
  const held = new Map<string, DeadLetterMessage>()
  try {
    await leaseDeadLetters(deadLetters, held, signal)
    const deadLetterMessages = [...held.values()]
    const chosen = await chooseJobs(outputs, deadLetterMessages, filter, signal)
    const chosenIds = new Set(chosen.map(({ job }) => job.job_id))
    const jobs = dryRun
      ? chosen.map(({ job, result }): RedrivenJob => {
          const comesBack = mayComeBack({ jobId: job.job_id, result }, filter)
          return { job, result, outcome: comesBack ? 'chosen' : 'done' }
        })
      : await inLanes(
          await sendMissingDeadLetters(deadLetters, chosen, held, signal),
          LANES,
          async (one) => ({
            job: one.job,
            result: one.result,
            outcome: await bringJobBack(deps, one, { filter, held }, signal),
          }),
        )
    return {
      jobs,
      deadLettersLeft: deadLetterMessages.filter(({ job }) => job !== null && !chosenIds.has(job.job_id))
        .length,
      malformed: deadLetterMessages.flatMap(({ job, message }) => (job === null ? [message.messageId] : [])),
    }
  } finally {
    await releaseDeadLetters(deadLetters, held.values())
  }
}
