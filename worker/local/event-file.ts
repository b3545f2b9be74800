import { type FileHandle, open } from 'node:fs/promises'
import { DETAIL_TYPES } from '../../shared/contracts/event-names.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import type { PipelineEvent } from '../../shared/contracts/pipeline-event.ts'

/** A file of JSON lines, one event a line. */
export interface EventFile extends AsyncDisposable {
  /** Resolves when the lines are in the file. Call it again only after that. */
  append(events: readonly PipelineEvent[]): Promise<void>
}

export const eventLines = (events: readonly PipelineEvent[]): string =>
  events.map((event) => `${JSON.stringify(event)}\n`).join('')

/** An event has less, so that the last line of a file is within its last bytes. */
const TAIL_BYTES = 512 * 1024

const isEventLine = (line: string): boolean => {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'event_id' in value
  } catch {
    return false
  }
}

/** Beginnings of a line, of which a kill may have left a part. */
const EVENT_STARTS = Object.keys(DETAIL_TYPES).map((type) => `{"type":"${type}"`)

const mayBeginEvent = (text: string): boolean =>
  EVENT_STARTS.some((start) => text.startsWith(start) || start.startsWith(text))

/**
 * Cuts off a last line without an end, which a process leaves that is killed while it writes. Throws InvalidInputError if
 * the file has other lines than events.
 */
const endAtALine = async (handle: FileHandle, path: string): Promise<void> => {
  const { size } = await handle.stat()
  if (size === 0) return
  const start = Math.max(0, size - TAIL_BYTES)
  const tail = Buffer.alloc(size - start)
  await handle.read(tail, 0, tail.length, start)
  const end = tail.lastIndexOf('\n') + 1
  const lines = tail.subarray(0, end).toString().split('\n')
  const rest = tail.subarray(end)
  const last = lines.at(-2)
  const isOfEvents = last === undefined ? mayBeginEvent(rest.toString()) : isEventLine(last)
  if (!isOfEvents)
    throw new InvalidInputError(
      '--events',
      `got '${path}', which has other lines than events; choose another file`,
    )
  if (rest.length > 0) await handle.truncate(start + end)
}

/** Opens a file to which events are appended. Throws InvalidInputError if it cannot be one. */
export const openEventFile = async (path: string): Promise<EventFile> => {
  const handle = await open(path, 'a+').catch((error: Error) => {
    throw new InvalidInputError('--events', `got '${path}', which cannot be written: ${error.message}`)
  })
  try {
    await endAtALine(handle, path)
  } catch (error) {
    await handle.close()
    throw error
  }
  return {
    append: (events) => handle.appendFile(eventLines(events)),
    [Symbol.asyncDispose]: () => handle.close(),
  }
}
