import { open } from 'node:fs/promises'
import path from 'node:path'
import { type PipelineEvent, pipelineEventSchema } from '../../shared/contracts/pipeline-event.ts'
import { type EventFile, openEventFile } from './event-file.ts'
import type { PersistentEvents } from './persistent-events.ts'

/*
 * An event is appended, noted as given, and then the size of the file is noted. A process that is killed in between has
 * written lines beyond the size that was noted. They are read at the next start, so that no event is appended twice.
 */

const sizeOf = async (file: string): Promise<number> => {
  await using handle = await open(file, 'r')
  return (await handle.stat()).size
}

const parseLine = (line: string): PipelineEvent | null => {
  try {
    return pipelineEventSchema.parse(JSON.parse(line))
  } catch {
    // Another program writes to the file too.
    return null
  }
}

/** Notes events of the file as given that a killed process appended and did not note. */
const adoptTail = async (
  file: string,
  start: number,
  events: PersistentEvents,
  runs: boolean,
): Promise<void> => {
  await using handle = await open(file, 'r')
  const lines = handle.readLines({ start, autoClose: false })
  for await (const line of lines) {
    const event = parseLine(line)
    if (event !== null && !events.has(event.event_id)) events.add([event], { runs })
  }
}

/**
 * Opens an event file as `openEventFile` does. Events that a killed process has appended there count as given. `runs`: a
 * command is run for each event, so for these too.
 */
export const openPersistentEventFile = async (
  file: string,
  events: PersistentEvents,
  { runs }: { readonly runs: boolean },
): Promise<EventFile> => {
  const opened = await openEventFile(file)
  const name = path.resolve(file)
  const noteSize = async (): Promise<void> => events.noteFileSizeBytes(name, await sizeOf(file))
  try {
    const noted = events.fileSizeBytes(name)
    if (noted !== null && noted < (await sizeOf(file))) await adoptTail(file, noted, events, runs)
    await noteSize()
  } catch (error) {
    await opened[Symbol.asyncDispose]()
    throw error
  }
  return {
    async append(appended) {
      await opened.append(appended)
      // Only up to here are the events of the file those that were given before.
      const sizeBytes = await sizeOf(file)
      events.add(appended, { runs })
      events.noteFileSizeBytes(name, sizeBytes)
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}
