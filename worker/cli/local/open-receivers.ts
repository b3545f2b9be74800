import type { NotifyDeps } from '../../../functions/notify/notify-deps.ts'
import { createDisposalStack } from '../../../shared/disposal-stack.ts'
import { systemClock } from '../../../shared/system-clock.ts'
import { openEventCommands } from '../../local/event-commands.ts'
import { eventLines, openEventFile } from '../../local/event-file.ts'
import { createPublish, type EventReceivers } from '../../local/event-receivers.ts'
import { openPersistentEventFile } from '../../local/persistent-event-file.ts'
import type { PersistentEvents } from '../../local/persistent-events.ts'
import type { CommandContext } from '../command-context.ts'
import type { LocalOptions } from './options.ts'

export interface OpenReceivers extends AsyncDisposable {
  /** Publishes to the receivers; `null`: there are none. */
  readonly publish: NotifyDeps['publish'] | null
  /** Runs the commands that an earlier process left. */
  resume(): void
  /** Resolves when the commands of all events have ended. */
  settled(): Promise<void>
}

export interface ReceiverDeps extends Pick<CommandContext, 'stdout' | 'stderr'> {
  /** Events that were given before; `null`: none, and what is given is not kept. */
  readonly events: PersistentEvents | null
  /** Returns the environment of a command. */
  readonly environment: () => Readonly<Record<string, string | undefined>>
}

/** Opens what `--events` and `--on-event` name. */
export const openReceivers = async (
  { events: file, onEvent: command }: Pick<LocalOptions, 'events' | 'onEvent'>,
  { stdout, stderr, events, environment }: ReceiverDeps,
): Promise<OpenReceivers> => {
  await using opening = createDisposalStack()
  const runs = command !== undefined
  const openFile = (path: string) =>
    events === null ? openEventFile(path) : openPersistentEventFile(path, events, { runs })
  const opened = file === undefined || file === '-' ? null : opening.use(await openFile(file))
  const append: EventReceivers['append'] =
    file === '-' ? async (lines) => void stdout.write(eventLines(lines)) : (opened?.append ?? null)
  const commands = runs
    ? opening.use(
        openEventCommands({
          ...{ command, clock: systemClock, environment },
          onFailure: (message) => stderr.write(`${message}\n`),
          onOutput: (text) => stderr.write(text),
          onEnd: ({ event_id }) => events?.finish(event_id),
        }),
      )
    : null
  // Those that are added from now on are not left.
  const left = events?.unfinished() ?? []
  const open = opening.move()
  return {
    publish:
      append === null && commands === null
        ? null
        : createPublish({ append, commands, ...(events !== null && { given: events }) }),
    resume() {
      for (const event of left) commands?.add(event)
    },
    settled: async () => await commands?.settled(),
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  }
}
