import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { type DeploymentOptions, readDeployment } from '../../aws/deployment.ts'
import type { Services } from '../../aws/services.ts'
import { type RedrivenJob, redrive } from '../../client/redrive/redrive.ts'
import type { JobStatus } from '../../client/tracking/job-status.ts'
import type { CommandContext } from '../command-context.ts'
import { EXIT_DONE, EXIT_FAILURE } from '../exit-code.ts'
import { counted } from '../terminal/short-text.ts'
import { redriveCommand } from './jobs-before-text.ts'
import type { SubmitOptions } from './submit-options.ts'
import { shortId } from './table.ts'

/** URLs of the queues between which a job is brought back. */
export type RetryQueues = Readonly<Record<'jobsQueueUrl' | 'deadLetterQueueUrl', string>>

/** Reads the queues for `--retry-failed`; `null` if that is not given. Throws InvalidInputError. */
export const readRetryQueues = (
  options: SubmitOptions,
  environment: CommandContext['environment'],
): RetryQueues | null =>
  options.retryFailed === true
    ? readDeployment(['jobsQueueUrl', 'deadLetterQueueUrl'], options, environment)
    : null

export interface RetriedJobs {
  /** Count of jobs that are in the queue again. */
  readonly broughtBack: number
  /** Ids of jobs that have to be redriven again. */
  readonly left: readonly string[]
}

/** Lines about the jobs that were brought back, and a command for each of the others. */
export const retriedText = ({ broughtBack, left }: RetriedJobs, options: DeploymentOptions): string =>
  `${counted(broughtBack, 'job')} brought back\n` +
  left.map((jobId) => `${shortId(jobId)}: redrive again: ${redriveCommand([jobId], options)}\n`).join('')

interface RetryDeps {
  readonly outputs: ObjectStore
  readonly services: Services
  readonly queues: RetryQueues
}

/**
 * Brings failed jobs back into the queue, as `svd redrive` does, and prints how many. Returns the exit code: 1 if some have
 * to be redriven again.
 */
export const retryFailed = async (
  failed: readonly JobStatus[],
  { outputs, services, queues }: RetryDeps,
  options: SubmitOptions,
  { stderr, signal }: Pick<CommandContext, 'stderr' | 'signal'>,
): Promise<number> => {
  if (failed.length === 0) return EXIT_DONE
  const jobs = services.openQueue(queues.jobsQueueUrl)
  const deadLetters = services.openQueue(queues.deadLetterQueueUrl)
  const jobIds = new Set(failed.map(({ jobId }) => jobId))
  const filter = { jobIds, named: new Set<string>(), classes: null, endedBefore: null }
  const deps = { outputs, clock: services.clock, jobs, deadLetters }
  const redriven = await redrive(deps, { filter, dryRun: false }, signal)
  const idsOf = (outcomes: readonly RedrivenJob['outcome'][]): readonly string[] =>
    redriven.jobs.flatMap(({ job, outcome }) => (outcomes.includes(outcome) ? [job.job_id] : []))
  const left = idsOf(['out-of-reach', 'waiting'])
  stderr.write(retriedText({ broughtBack: idsOf(['brought-back']).length, left }, options))
  return left.length > 0 ? EXIT_FAILURE : EXIT_DONE
}
