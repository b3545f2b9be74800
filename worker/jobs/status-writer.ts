import { statusKey } from '../../shared/contracts/bucket-layout.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import type { Attempt } from './attempt.ts'
import type { Clock } from './clock.ts'
import { isFinal, type StatusChange, statusOf } from './status-of-attempt.ts'
import { encodeStatus, readStatus, STATUS_WRITE_OPTIONS } from './status-store.ts'
import { withTimeLimit } from './time-limit.ts'

/** Tells watchers where a job stands. Nothing of it throws: a status that cannot be written fails no job. */
export interface StatusWriter {
  /** Written soon, at most every `intervalMs`; of several that come meanwhile, the newest. */
  report(change: StatusChange): void
  /**
   * The attempt's last word; null: it has none to say. Settles when nothing is being written any more: at once after
   * what is under way, and in any case within some seconds.
   */
  end(change: StatusChange | null): Promise<void>
}

export interface StatusWriterOptions {
  readonly store: ObjectStore
  readonly clock: Clock
  readonly attempt: Attempt
  readonly workerId: string
  readonly intervalMs: number
}

const WRITE_LIMIT_MS = 5_000
/**
 * Writes over nobody who knows better: each write is made over the one before (by its etag), and if another came in
 * between that is final or of a later attempt, this attempt says no more. A final state is written whatever is there:
 * it tells what the result record says, and that does not change.
 */
export const openStatusWriter = ({
  store,
  clock,
  attempt,
  workerId,
  intervalMs,
}: StatusWriterOptions): StatusWriter => {
  const jobId = attempt.job.job_id
  const key = statusKey(jobId)
  const ending = new AbortController()
  let etag: string | null | undefined
  let outdone = false
  let next: StatusChange | undefined
  let writing: Promise<void> | undefined

  const writeOver = async (bytes: Uint8Array, signal: AbortSignal): Promise<void> => {
    if (etag === undefined) etag = (await store.head(key, signal))?.etag ?? null
    if (etag === null) {
      etag = await store.put(key, bytes, STATUS_WRITE_OPTIONS, signal)
      return
    }
    const written = await store.replace(key, etag, bytes, STATUS_WRITE_OPTIONS, signal)
    if (written !== null) {
      etag = written
      return
    }
    const other = await readStatus(store, jobId, signal)
    const record = other?.record ?? null
    outdone = record !== null && (isFinal(record.state) || record.attempt > attempt.number)
    if (outdone) return
    etag = other === null ? null : await store.replace(key, other.etag, bytes, STATUS_WRITE_OPTIONS, signal)
  }

  const write = async (change: StatusChange): Promise<void> => {
    const bytes = encodeStatus(statusOf(attempt, change, workerId, clock.now()))
    try {
      await withTimeLimit({ clock, limitMs: WRITE_LIMIT_MS }, async (signal) => {
        if (isFinal(change.state)) await store.put(key, bytes, STATUS_WRITE_OPTIONS, signal)
        else if (!outdone) await writeOver(bytes, signal)
      })
    } catch {
      // The next one may get through.
    }
  }

  const writeAll = async (): Promise<void> => {
    while (next !== undefined) {
      const change = next
      next = undefined
      await write(change)
      await clock.sleep(intervalMs, ending.signal).catch(() => {})
    }
    writing = undefined
  }

  return {
    report(change) {
      if (ending.signal.aborted) return
      next = change
      writing ??= writeAll()
    },
    async end(change) {
      next = undefined
      ending.abort()
      await writing
      if (change !== null) await write(change)
    },
  }
}
