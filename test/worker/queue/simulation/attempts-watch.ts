import { STATUS_PREFIX, statusKey } from '../../../../shared/contracts/bucket-layout.ts'
import type { ResultRecord } from '../../../../shared/contracts/result-record.ts'
import {
  type SpentAttempt,
  type StatusRecord,
  statusRecordSchema,
} from '../../../../shared/contracts/status-record.ts'
import type { MemoryMessageQueue } from '../../../fixtures/memory-message-queue.ts'
import type { MemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import type { Incarnation } from './incarnation.ts'
import { isCalm, type Schedule } from './schedule.ts'
import { jobIdIn } from './watched-queue.ts'

/* What may count against a job, by what really happened to it: no job pays for another's fault. */

export interface AttemptsWatch {
  began(incarnation: Incarnation): void
  /** A life of a worker's process is over; else than by a crash it has let go of all. */
  ended(name: string, crashed: boolean): void
  /** The renderer or the encoder failed under the job. */
  failed(jobId: string): void
  /** A worker's clip was checked. */
  checked(name: string, jobId: string, passed: boolean): void
  /** A record was created: if it says that the job's attempts are spent, they have to be. */
  recorded(record: ResultRecord): void
  /** The most attempts at a job that its worker did not survive, and that were marked. */
  markedDeaths(jobId: string): number
}

export interface AttemptsWatchOptions {
  readonly schedule: Schedule
  readonly store: MemoryObjectStore
  readonly deadLetters: MemoryMessageQueue
  readonly epochMs: () => number
  readonly violate: (what: string) => void
}

/** A request that is on its way for longer was given up. */
const LATE_MS = 60_000

const parseStatus = (bytes: Uint8Array): StatusRecord =>
  statusRecordSchema.parse(JSON.parse(new TextDecoder().decode(bytes)))

export const watchAttempts = ({
  schedule,
  store,
  deadLetters,
  epochMs,
  violate,
}: AttemptsWatchOptions): AttemptsWatch => {
  const lives = new Map<string, Incarnation>()
  const ends = new Map<string, 'crashed' | 'let go'>()
  const failures = new Map<string, number>()
  const deaths = new Map<string, number>()
  const clips: { readonly name: string; readonly jobId: string; readonly passed: boolean }[] = []
  const count = (counts: Map<string, number>, jobId: string): void =>
    void counts.set(jobId, (counts.get(jobId) ?? 0) + 1)

  const statusAt = (key: string): StatusRecord | null => {
    const written = store.writes.findLast((object) => object.key === key)
    return written === undefined ? null : parseStatus(written.bytes)
  }

  /**
   * The entries as the worker may have read them that recorded the failure: a write that was on its way for long may have
   * come in between. Where nothing is late, they are those that are there.
   */
  const recentAttempts = (jobId: string): readonly (readonly SpentAttempt[])[] => {
    const written = store.writes.filter(({ key }) => key === statusKey(jobId)).toReversed()
    const first = written.findIndex(({ lastModified }) => lastModified.getTime() < epochMs() - LATE_MS)
    const recent = isCalm(schedule)
      ? written.slice(0, 1)
      : written.slice(0, first < 0 ? undefined : first + 1)
    return recent.map(({ bytes }) => parseStatus(bytes).attempts)
  }

  /** Whether an entry may count that says that a worker vanished. */
  const mayHaveVanished = ({ worker_id, alive_until }: SpentAttempt): boolean => {
    const end = ends.get(worker_id)
    if (end === 'crashed') return true
    // It let go of the job, and the store did not take that in; or it is cut off.
    if (end === 'let go') return !isCalm(schedule)
    return lives.get(worker_id)?.isFrozen() === true || Date.parse(alive_until) <= epochMs()
  }

  const closedOf = (attempts: readonly SpentAttempt[]): readonly SpentAttempt[] =>
    attempts.filter(({ reason }) => reason !== null)

  /** The most attempts that the worker may have counted. */
  const mostSpent = (jobId: string): number => {
    const failed = failures.get(jobId) ?? 0
    const real = recentAttempts(jobId).map((attempts) => {
      const vanished = attempts.filter((attempt) => attempt.reason === null && mayHaveVanished(attempt))
      // A failure whose entry the store did not take in ends the job all the same.
      return Math.max(closedOf(attempts).length, isCalm(schedule) ? 0 : failed) + vanished.length
    })
    return Math.max(0, ...real)
  }

  /** Who says so has to be believed: two workers, one that makes good clips, or nobody who could be asked in time. */
  const checkQuality = ({ job_id, worker, failure }: ResultRecord): void => {
    const failed = clips.flatMap(({ name, jobId, passed }, index) =>
      jobId === job_id && !passed ? [{ name, index }] : [],
    )
    const first = failed.find(({ name }) => name === worker.id)?.index ?? clips.length
    const passedSince = clips.some(({ name, passed }, index) => name === worker.id && passed && index > first)
    const isConfirmed = passedSince || new Set(failed.map(({ name }) => name)).size > 1
    const isUnconfirmed = failure?.reason.startsWith('unconfirmed') === true
    if (!isUnconfirmed && !isConfirmed)
      violate(`${job_id} did not pass its checks by one worker's word alone`)
    if (isUnconfirmed && failed.length < 3 && mostSpent(job_id) < schedule.maxAttempts)
      violate(`${job_id} failed unconfirmed after ${failed.length} clips`)
  }

  return {
    began(incarnation) {
      lives.set(incarnation.name, incarnation)
    },
    ended(name, crashed) {
      ends.set(name, crashed ? 'crashed' : 'let go')
      if (!crashed) return
      for (const key of store.keys().filter((one) => one.startsWith(STATUS_PREFIX))) {
        const status = statusAt(key)
        const marked = status?.attempts.some(({ worker_id, reason }) => worker_id === name && reason === null)
        if (status !== null && marked) count(deaths, status.job_id)
      }
    },
    failed: (jobId) => count(failures, jobId),
    checked(name, jobId, passed) {
      clips.push({ name, jobId, passed })
      if (!passed) count(failures, jobId)
    },
    recorded(record) {
      const { job_id, failure } = record
      if (failure?.class === 'quality') checkQuality(record)
      if (failure?.class !== 'exhausted') return
      const letter = deadLetters.messages().find(({ body }) => jobIdIn(body) === job_id)
      if ((letter?.receiveCount ?? 0) >= schedule.maxReceives) return
      const failed = failures.get(job_id) ?? 0
      for (const closed of recentAttempts(job_id).map(closedOf))
        if (closed.length > failed)
          violate(`${closed.length} failures of ${job_id} count, and it failed ${failed} times`)
      const most = mostSpent(job_id)
      if (most < schedule.maxAttempts)
        violate(`${job_id} has failed after ${most} of ${schedule.maxAttempts} attempts`)
    },
    markedDeaths: (jobId) => deaths.get(jobId) ?? 0,
  }
}
