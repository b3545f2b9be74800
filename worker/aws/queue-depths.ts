import type { QueueDepth } from '../../shared/ports/message-queue.ts'
import { type DeploymentOptions, type DeploymentPart, deploymentPart } from './deployment.ts'
import type { Services } from './services.ts'

/** Message counts of a deployment's queues. */
export interface QueueDepths {
  /** Counts of the queue of jobs; `null` if its URL is not given. */
  readonly queue: QueueDepth | null
  /** Counts of the dead-letter queue; `null` if its URL is not given. */
  readonly deadLetters: QueueDepth | null
}

interface QueuesAsked {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

/** Reads the message counts of the deployment's queues; `null` for a queue whose URL is not given. */
export const readQueueDepths = async (
  options: DeploymentOptions,
  services: Services,
  { environment, signal }: QueuesAsked,
): Promise<QueueDepths> => {
  const depthOf = async (part: DeploymentPart): Promise<QueueDepth | null> => {
    const url = deploymentPart(part, options, environment)
    return url === null ? null : await services.openQueue(url).depth(signal)
  }
  return { queue: await depthOf('jobsQueueUrl'), deadLetters: await depthOf('deadLetterQueueUrl') }
}
