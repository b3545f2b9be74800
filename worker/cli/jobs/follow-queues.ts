import type { DeploymentOptions } from '../../aws/deployment.ts'
import { type QueueDepths, readQueueDepths } from '../../aws/queue-depths.ts'
import type { Services } from '../../aws/services.ts'
import type { CommandContext } from '../command-context.ts'

export interface FollowedQueues extends Disposable {
  readQueueDepths(): Promise<QueueDepths>
}

/**
 * Reads the message counts for a command that follows jobs for hours. If the queues do not answer, for lack of the
 * right to `sqs:GetQueueAttributes` or for a moment, the command goes on without them. It reports that once: on a
 * terminal, where a table is drawn anew, at its end.
 */
export const followQueues = (
  options: DeploymentOptions,
  services: Services,
  { environment, stderr, signal }: Pick<CommandContext, 'environment' | 'stderr' | 'signal'>,
): FollowedQueues => {
  let warning: string | null = null
  const warn = (): void => {
    stderr.write(`${warning}\n`)
  }
  const isLive = stderr.isTTY === true
  return {
    async readQueueDepths() {
      try {
        return await readQueueDepths(options, services, { environment, signal })
      } catch (error) {
        signal.throwIfAborted()
        const reason = error instanceof Error ? error.message : String(error)
        const isFirst = warning === null
        warning ??= `the queues do not answer (${reason}), so a job whose message is gone is not noticed`
        if (isFirst && !isLive) warn()
        return { queue: null, deadLetters: null }
      }
    },
    [Symbol.dispose]() {
      if (warning !== null && isLive) warn()
    },
  }
}
