import type { PipelineEvent } from '../../shared/contracts/pipeline-event.ts'
import type { EventCommands } from './event-commands.ts'

/** The events that receivers were given. */
export interface GivenEvents {
  has(eventId: string): boolean
  /** `runs`: a command is run for each of them, which may be left undone. */
  add(events: readonly PipelineEvent[], options: { readonly runs: boolean }): void
}

export interface EventReceivers {
  /** Writes events where they are kept: a file, or stdout; `null`: nowhere. */
  readonly append: ((events: readonly PipelineEvent[]) => Promise<void>) | null
  readonly commands: Pick<EventCommands, 'add'> | null
  /** Default: in memory. */
  readonly given?: GivenEvents
}

const givenInMemory = (): GivenEvents => {
  const ids = new Set<string>()
  return {
    has: (eventId) => ids.has(eventId),
    add(events) {
      for (const { event_id } of events) ids.add(event_id)
    },
  }
}

/**
 * Returns what notify publishes to. An event that notify publishes twice is given once. Where writing fails it throws, so
 * that notify tries again.
 */
export const createPublish = ({ append, commands, given = givenInMemory() }: EventReceivers) => {
  return async (events: readonly PipelineEvent[]): Promise<void> => {
    const fresh = events.filter(({ event_id }) => !given.has(event_id))
    if (fresh.length === 0) return
    await append?.(fresh)
    given.add(fresh, { runs: commands !== null })
    for (const event of fresh) commands?.add(event)
  }
}
