import type { PipelineEvent } from '../../shared/contracts/pipeline-event.ts'
import type { EventCommands } from './event-commands.ts'

export interface EventReceivers {
  /** Writes events where they are kept: a file, or stdout; `null`: nowhere. */
  readonly append: ((events: readonly PipelineEvent[]) => Promise<void>) | null
  readonly commands: Pick<EventCommands, 'add'> | null
}

/**
 * Returns what notify publishes to. An event that notify publishes twice is given once. Where writing fails it throws, so
 * that notify tries again.
 */
export const createPublish = ({ append, commands }: EventReceivers) => {
  const given = new Set<string>()
  return async (events: readonly PipelineEvent[]): Promise<void> => {
    const fresh = events.filter(({ event_id }) => !given.has(event_id))
    if (fresh.length === 0) return
    await append?.(fresh)
    for (const event of fresh) {
      given.add(event.event_id)
      commands?.add(event)
    }
  }
}
