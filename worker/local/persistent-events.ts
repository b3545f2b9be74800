import type { DatabaseSync } from 'node:sqlite'
import { type PipelineEvent, pipelineEventSchema } from '../../shared/contracts/pipeline-event.ts'
import type { GivenEvents } from './event-receivers.ts'

/** The events that receivers were given, beyond the process. */
export interface PersistentEvents extends GivenEvents {
  /** Events whose command had not ended, in the order in which they were given. */
  unfinished(): readonly PipelineEvent[]
  /** Notes that the command of an event has ended. */
  finish(eventId: string): void
  /** Byte count of an event file up to which its events are among those given; `null` if it had none from here. */
  fileSizeBytes(path: string): number | null
  noteFileSizeBytes(path: string, sizeBytes: number): void
}

/** Keeps events in the records of a data folder. */
export const persistentEvents = (records: DatabaseSync): PersistentEvents => {
  const find = records.prepare('SELECT 1 FROM given_events WHERE event_id = ?')
  const insert = records.prepare('INSERT OR IGNORE INTO given_events (event_id, event) VALUES (?, ?)')
  const unfinished = records.prepare('SELECT event FROM given_events WHERE event IS NOT NULL ORDER BY rowid')
  const finish = records.prepare('UPDATE given_events SET event = NULL WHERE event_id = ?')
  const findSize = records.prepare('SELECT size_bytes FROM event_files WHERE path = ?')
  const noteSize = records.prepare('INSERT OR REPLACE INTO event_files (path, size_bytes) VALUES (?, ?)')
  return {
    has: (eventId) => find.get(eventId) !== undefined,
    add(events, { runs }) {
      for (const event of events) insert.run(event.event_id, runs ? JSON.stringify(event) : null)
    },
    unfinished: () =>
      unfinished.all().map(({ event }) => pipelineEventSchema.parse(JSON.parse(String(event)))),
    finish: (eventId) => void finish.run(eventId),
    fileSizeBytes(path) {
      const row = findSize.get(path)
      return row === undefined ? null : Number(row['size_bytes'])
    },
    noteFileSizeBytes: (path, sizeBytes) => void noteSize.run(path, sizeBytes),
  }
}
