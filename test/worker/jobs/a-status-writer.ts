import { statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { encodeRecord, RECORD_OPTIONS } from '../../../shared/contracts/record-bytes.ts'
import {
  type JobState,
  type SpentAttempt,
  type StatusRecord,
  statusRecordSchema,
} from '../../../shared/contracts/status-record.ts'
import { startAttempt } from '../../../worker/jobs/attempt.ts'
import { statusOfAttempt } from '../../../worker/jobs/status-of-attempt.ts'
import { openStatusWriter } from '../../../worker/jobs/status-writer.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import type { Faults } from '../../fixtures/faults.ts'
import type { StoreOperation } from '../../fixtures/memory-object-store.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { dateAt } from '../../fixtures/virtual-clock.ts'
import { closingDeps } from './closing-deps.ts'

export const JOB = aJobMessage()
/** Id of the attempt of the writer. */
export const ID = '0001-8000000080000000'
const KEY = statusKey(JOB.job_id)

/** A writer over a store in memory, other writers of the same status, and what was written. */
export const aStatusWriter = (
  faults: Faults<StoreOperation> = {},
  number = 1,
  ownAttempts: ReadonlySet<string> = new Set(),
) => {
  const { store, deps, time } = closingDeps(faults)
  const attempt = startAttempt(JOB, number, dateAt(0))
  const writer = openStatusWriter({
    store,
    clock: deps.clock,
    attempt,
    attemptId: ID,
    ownAttempts,
    workerId: 'worker-1',
    intervalMs: 1_000,
    aliveSeconds: 120,
  })
  const later = (ms: number): Promise<void> => {
    const atMs = time.nowMs() + ms
    time.after(ms, () => {})
    return time.runUntil(() => time.nowMs() >= atMs, atMs)
  }
  const another = (
    state: JobState,
    by: { attempt: number; workerId: string },
    attempts: readonly SpentAttempt[] = [],
    job = JOB,
  ): Promise<string> => {
    const status = { job, number: by.attempt }
    const bytes = encodeRecord(statusOfAttempt(status, { state }, by.workerId, dateAt(0), attempts))
    return store.put(KEY, bytes, RECORD_OPTIONS, unaborted)
  }
  const written = (): StatusRecord[] =>
    store.writes.map(({ bytes }) => statusRecordSchema.parse(JSON.parse(new TextDecoder().decode(bytes))))
  const states = (): string[] =>
    written().map(({ state, step, worker_id }) => `${state} ${step} ${worker_id}`)
  const entries = (): string[] | undefined =>
    written()
      .at(-1)
      ?.attempts.map(({ id }) => id)
  return { writer, time, later, another, written, states, entries }
}

/** The entry of an attempt of another worker. */
export const ANOTHER: SpentAttempt = {
  id: '0001-0000000000000000',
  worker_id: 'worker-0',
  reason: 'the renderer crashed',
  alive_until: '2026-01-01T00:00:00.000Z',
}

/** A report of the renderer. */
export const denoise = (step: number) => ({
  state: 'rendering' as const,
  progress: { phase: 'denoise' as const, step, steps: 25 },
})
