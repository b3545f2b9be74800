import type { Clock } from '../../shared/clock.ts'
import { statusKey } from '../../shared/contracts/bucket-layout.ts'
import { encodeRecord, RECORD_OPTIONS } from '../../shared/contracts/record-bytes.ts'
import { isResultState } from '../../shared/contracts/result-record.ts'
import {
  type SpentAttempt,
  type StatusRecord,
  statusRecordSchema,
} from '../../shared/contracts/status-record.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { readRecord, type StoredRecord } from '../../shared/records/read-record.ts'
import { withTimeLimit } from '../../shared/time-limit.ts'
import type { Attempt } from './attempt.ts'
import { withAttempt } from './spent-attempts.ts'
import { type StatusChange, statusOfAttempt } from './status-of-attempt.ts'

/**
 * Writes the status of a job, and keeps this attempt's entry among those that count, see spent-attempts.ts. Only
 * `readAttempts` throws, because a status that cannot be written fails no job.
 */
export interface StatusWriter {
  /** Reads the attempts that count when this one begins. Throws if the store fails. */
  readAttempts(signal: AbortSignal): Promise<readonly SpentAttempt[]>
  /** Writes the status soon, at most every `intervalMs`. Of several changes in that time, only the newest is kept. */
  report(change: StatusChange): void
  /** Writes that a reported render is still alive. To be called when the lease was extended. */
  renew(): void
  /** Resolves when all reported changes are written, or could not be. Never rejects. */
  settled(): Promise<void>
  /**
   * Writes the attempt's last change; with `null`, only ends the writes. Settles when no write is under way any more,
   * in any case within some seconds. Returns the attempts that count once this is written; `null` if nothing was
   * written, so that they are not known.
   */
  end(change: StatusChange | null): Promise<readonly SpentAttempt[] | null>
}

/** Status as it was read or written last; `record` is `null` if this version cannot read it. */
type StoredStatus = Pick<StoredRecord<StatusRecord>, 'etag' | 'record'>

export interface StatusWriterOptions {
  readonly store: ObjectStore
  readonly clock: Clock
  readonly attempt: Attempt
  /** See attempt-id.ts. */
  readonly attemptId: string
  readonly workerId: string
  readonly intervalMs: number
  /** Seconds for which a render counts as alive after its last sign of life. */
  readonly aliveSeconds: number
  /** Ids of all attempts of this process. It is alive: an entry of theirs that is still open could only not be removed. */
  readonly ownAttempts?: ReadonlySet<string>
  /** Ends a write that is under way; default: nothing but its time limit does. */
  readonly until?: AbortSignal
}

const WRITE_LIMIT_MS = 5_000
/** Conflicts of one write. Each is a write of another worker on the same job: there are seldom two. */
const MAX_CONFLICTS = 10

/**
 * Never overwrites a newer status. Each write replaces the object that was read before (by its ETag). If another write
 * came in between that is final or of a later attempt, this attempt only changes its own entry. A final state is
 * written whatever state is there, because it repeats the result record, which does not change.
 */
export const openStatusWriter = ({
  store,
  clock,
  attempt,
  attemptId,
  workerId,
  intervalMs,
  aliveSeconds,
  ownAttempts = new Set(),
  until = AbortSignal.any([]),
}: StatusWriterOptions): StatusWriter => {
  const jobId = attempt.job.job_id
  const key = statusKey(jobId)
  const ending = new AbortController()
  /** Status in the store: `undefined` if not known, `null` if there is none. */
  let there: StoredStatus | null | undefined
  let hasRead = false
  let outdone = false
  let latest: StatusChange | undefined
  let next: StatusChange | undefined
  let writing: Promise<void> | undefined

  const ownEntry = (change: StatusChange): SpentAttempt | null => {
    const { state, failed, failedChecks, rejected = [], message = '' } = change
    if (failed === undefined && state !== 'rendering') return null
    return {
      id: attemptId,
      worker_id: workerId,
      reason: failed === undefined ? null : message,
      ...(failedChecks && { failed_checks: true }),
      ...(rejected.length > 0 && { rejected: [...rejected] }),
      alive_until: new Date(clock.now().getTime() + aliveSeconds * 1000).toISOString(),
    }
  }

  const withoutLeftovers = (stored: StoredStatus | null): StoredStatus | null => {
    if (!stored?.record) return stored
    const isLeftover = ({ id, reason }: SpentAttempt): boolean =>
      reason === null && id !== attemptId && ownAttempts.has(id)
    const attempts = stored.record.attempts.filter((entry) => !isLeftover(entry))
    return { ...stored, record: { ...stored.record, attempts } }
  }

  const read = async (signal: AbortSignal): Promise<StoredStatus | null> => {
    there = withoutLeftovers(await readRecord(store, key, statusRecordSchema, signal))
    const record = there?.record ?? null
    // A status from before the attempt began is older than the attempt, and cannot outdo it.
    if (hasRead) outdone = record !== null && (isResultState(record.state) || record.attempt > attempt.number)
    hasRead = true
    return there
  }

  /** Record after the change; `null` if nothing is left for this attempt to change. */
  const recordAfter = (stored: StoredStatus | null, change: StatusChange): StatusRecord | null => {
    const known = stored?.record ?? null
    const attempts = withAttempt(known?.attempts ?? [], attemptId, ownEntry(change))
    if (!outdone || known === null)
      return statusOfAttempt(attempt, change, workerId, clock.now(), attempts, known)
    const isSame = attempts.length === known.attempts.length && ownEntry(change) === null
    return isResultState(known.state) || isSame ? null : { ...known, attempts }
  }

  /** Writes the change, and returns the attempts that count then. */
  const writeOver = async (change: StatusChange, signal: AbortSignal): Promise<readonly SpentAttempt[]> => {
    for (let conflicts = 0; conflicts <= MAX_CONFLICTS; conflicts++) {
      const stored = there === undefined ? await read(signal) : there
      const record = recordAfter(stored, change)
      if (record === null) return stored?.record?.attempts ?? []
      const bytes = encodeRecord(record)
      if (stored === null) {
        const created = await store.create(key, bytes, RECORD_OPTIONS, signal)
        // The ETag is not known yet.
        there = undefined
        if (created) return record.attempts
      } else {
        const etag = await store.replace(key, stored.etag, bytes, RECORD_OPTIONS, signal)
        if (etag !== null) {
          there = { etag, record }
          return record.attempts
        }
        await read(signal)
      }
    }
    throw new Error(`${key}: other workers write at the same time, again and again`)
  }

  /** Writes a final state over whatever is there, but for the origin, which is read if it is not known. */
  const writeFinal = async (change: StatusChange, signal: AbortSignal): Promise<readonly SpentAttempt[]> => {
    const known = there?.record?.attempts ?? []
    const counted = known.filter(({ id, reason }) => id !== attemptId || reason !== null)
    const encode = (stored: StoredStatus | null): Uint8Array =>
      encodeRecord(statusOfAttempt(attempt, change, workerId, clock.now(), counted, stored?.record))
    const stored = there ?? (await read(signal))
    const isNew = stored === null && (await store.create(key, encode(null), RECORD_OPTIONS, signal))
    if (!isNew) await store.put(key, encode(stored ?? (await read(signal))), RECORD_OPTIONS, signal)
    return counted
  }

  /** Writes the change, and returns the attempts that count then; `null` if the write failed. */
  const write = async (change: StatusChange): Promise<readonly SpentAttempt[] | null> => {
    try {
      return await withTimeLimit({ clock, limitMs: WRITE_LIMIT_MS, signal: until }, async (signal) => {
        if (!isResultState(change.state)) return await writeOver(change, signal)
        return await writeFinal(change, signal)
      })
    } catch {
      return null
    }
  }

  const writeAll = async (): Promise<void> => {
    while (next !== undefined) {
      const change = next
      next = undefined
      const written = await write(change)
      await clock.sleep(intervalMs, ending.signal).catch(() => {})
      // The mark of a render decides what a vanished worker costs; of anything else the next word is enough.
      if (written === null && !ending.signal.aborted && change.state === 'rendering') next ??= change
    }
    writing = undefined
  }

  const report = (change: StatusChange): void => {
    if (ending.signal.aborted) return
    latest = change
    next = change
    writing ??= writeAll()
  }

  return {
    async readAttempts(signal) {
      return (await read(signal))?.record?.attempts ?? []
    },
    report,
    renew() {
      if (latest?.state === 'rendering') report(latest)
    },
    async settled() {
      await writing
    },
    async end(change) {
      next = undefined
      // With a reason of its own: the default one is an exception with a stack.
      ending.abort('ended')
      await writing
      return change === null ? null : await write(change)
    },
  }
}
