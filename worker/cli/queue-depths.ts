import type { QueueDepth } from '../../shared/ports/message-queue.ts'
import type { QueuesSeen } from '../tracking/lost-jobs.ts'
import { type DeploymentOptions, type DeploymentPart, deploymentPart } from './deployment.ts'
import type { Services } from './services.ts'
import type { Surroundings } from './surroundings.ts'

type QueueDepths = Pick<QueuesSeen, 'queue' | 'deadLetters'>

/** How many messages the deployment's queues hold; `null` for a queue whose URL is not given. */
export const readQueueDepths = async (
  options: DeploymentOptions,
  services: Services,
  { environment, signal }: Pick<Surroundings, 'environment' | 'signal'>,
): Promise<QueueDepths> => {
  const depthOf = async (part: DeploymentPart): Promise<QueueDepth | null> => {
    const url = deploymentPart(part, options, environment)
    return url === null ? null : await services.openQueue(url).depth(signal)
  }
  return { queue: await depthOf('jobsQueueUrl'), deadLetters: await depthOf('deadLetterQueueUrl') }
}

/**
 * The same for a command that follows jobs for hours. It goes on without the queues where they cannot be asked, for lack
 * of the right to `sqs:GetQueueAttributes` or for a moment, and says so once.
 */
export const queueDepthsWhileFollowing = (
  options: DeploymentOptions,
  services: Services,
  { environment, stderr, signal }: Pick<Surroundings, 'environment' | 'stderr' | 'signal'>,
): (() => Promise<QueueDepths>) => {
  let isTold = false
  return async () => {
    try {
      return await readQueueDepths(options, services, { environment, signal })
    } catch (error) {
      signal.throwIfAborted()
      if (!isTold) {
        const reason = error instanceof Error ? error.message : String(error)
        stderr.write(`the queues do not answer (${reason}), so a job whose message is gone is not noticed\n`)
      }
      isTold = true
      return { queue: null, deadLetters: null }
    }
  }
}
