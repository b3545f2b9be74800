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

/* Checks that only real failures of a job count as its attempts, and no faults of machines, store or queue. */

export interface AttemptsWatch {
  began(incarnation: Incarnation): void
  /** Notes the end of a worker's process. A process that did not crash has released all its jobs. */
  ended(name: string, crashed: boolean): void
  /** Notes that the renderer or the encoder failed with the job. */
  failed(jobId: string): void
  /** Notes whether a clip of a worker passed its checks. */
  checked(name: string, jobId: string, passed: boolean): void
  /** Checks a result that was created. If it reports that the attempts of its job are spent, they have to be. */
  recorded(record: ResultRecord): void
  /** Returns how many attempts of a job had an entry in its status when their worker crashed. */
  markedDeaths(jobId: string): number
}

export interface AttemptsWatchOptions {
  readonly schedule: Schedule
  readonly store: MemoryObjectStore
  readonly deadLetters: MemoryMessageQueue
  readonly epochMs: () => number
  readonly violate: (what: string) => void
}

/** A request that takes longer was given up by its caller. */
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
   * The entries that the worker may have read when it recorded the failure. A slow write may have arrived since. In a
   * schedule without slow writes they are the current entries.
   */
  const recentAttempts = (jobId: string): readonly (readonly SpentAttempt[])[] => {
    const written = store.writes.filter(({ key }) => key === statusKey(jobId)).toReversed()
    const first = written.findIndex(({ lastModified }) => lastModified.getTime() < epochMs() - LATE_MS)
    const recent = isCalm(schedule)
      ? written.slice(0, 1)
      : written.slice(0, first < 0 ? undefined : first + 1)
    return recent.map(({ bytes }) => parseStatus(bytes).attempts)
  }

  /** Whether the entry of an attempt without an end may count as that of a worker that vanished. */
  const mayHaveVanished = ({ worker_id, alive_until }: SpentAttempt): boolean => {
    const end = ends.get(worker_id)
    if (end === 'crashed') return true
    // The worker released the job, and the store did not receive that, or the worker is cut off from the store.
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
      // A failure ends the job even if the store did not receive its entry.
      return Math.max(closedOf(attempts).length, isCalm(schedule) ? 0 : failed) + vanished.length
    })
    return Math.max(0, ...real)
  }

  /**
   * Checks a quality failure. It needs failed clips of two workers, or a later clip of the worker that passed. Else it
   * has to be unconfirmed, after three failed clips or at the last attempt.
   */
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
