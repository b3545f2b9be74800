import { cancelKey, resultKey, statusKey } from '../../../../shared/contracts/bucket-layout.ts'
import type { EndedKind } from '../../../../shared/contracts/index-entry.ts'
import type { JobMessage } from '../../../../shared/contracts/job-message.ts'
import type { FailureClass, ResultRecord } from '../../../../shared/contracts/result-record.ts'
import type { StatusRecord } from '../../../../shared/contracts/status-record.ts'
import { listEntries } from '../../../../shared/job-index/list-entries.ts'
import { noteEnded } from '../../../../shared/job-index/write-entries.ts'
import { type RedriveOptions, redrive } from '../../../../worker/client/redrive/redrive.ts'
import type { RedriveFilter } from '../../../../worker/client/redrive/redrive-filter.ts'
import type { Faults } from '../../../fixtures/faults.ts'
import { aFailure, aResult } from '../../../fixtures/job-records.ts'
import { openMemoryMessageQueue } from '../../../fixtures/memory-message-queue.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'

const JSON_TYPE = { contentType: 'application/json' }
const signal = new AbortController().signal

export const everything: RedriveFilter = {
  jobIds: null,
  named: new Set(),
  classes: null,
  endedBefore: null,
}

/** A bucket and two queues under one clock, a worker and a redrive on them, and functions that read their state. */
export const redriveSetup = ({ faults = {} }: { readonly faults?: Faults<string> } = {}) => {
  let nowMs = Date.parse('2026-11-25T00:00:00Z')
  const now = (): number => nowMs
  const outputs = openMemoryObjectStore({ bucket: 'out', now, faults })
  const deadLetters = openMemoryMessageQueue({ url: 'dead-letters', now, faults })
  const jobs = openMemoryMessageQueue({ url: 'jobs', now, faults })
  const read = async <T>(key: string): Promise<T | null> => {
    const bytes = outputs.keys().includes(key) && outputs.writes.findLast((write) => write.key === key)?.bytes
    return bytes ? (JSON.parse(new TextDecoder().decode(bytes)) as T) : null
  }
  const put = (key: string, value: unknown) =>
    outputs.put(key, new TextEncoder().encode(JSON.stringify(value)), JSON_TYPE, signal)
  const send = (queue: typeof jobs, job: JobMessage) =>
    queue.send([{ body: JSON.stringify(job), groupId: job.group }], signal)
  const enter = (record: ResultRecord): Promise<void> => noteEnded(outputs, record, new Date(nowMs), signal)
  /** Writes a result as a worker does, unless there is one. */
  const record = async (result: ResultRecord): Promise<void> => {
    const bytes = new TextEncoder().encode(JSON.stringify(result))
    if (await outputs.create(resultKey(result.job_id), bytes, JSON_TYPE, signal)) await enter(result)
  }
  const jobsIn = (queue: typeof jobs): readonly string[] =>
    queue.messages().map(({ body }) => (JSON.parse(body) as JobMessage).job_id)

  return {
    outputs,
    deadLetters,
    jobs,
    put,
    now: () => new Date(nowMs),
    pass: (seconds: number) => {
      nowMs += seconds * 1000
    },
    /** Records a failed job, with or without its dead-letter message. */
    async fail(record: ResultRecord, { letter = true }: { readonly letter?: boolean } = {}) {
      await put(resultKey(record.job_id), record)
      await enter(record)
      if (letter) await send(deadLetters, record.job)
      return record.job_id
    },
    deadLetter: (job: JobMessage) => send(deadLetters, job),
    redrive: (filter: Partial<RedriveFilter> = {}, options: Partial<RedriveOptions> = {}) =>
      redrive(
        { outputs, jobs, deadLetters, clock: { now: () => new Date(nowMs) } },
        { filter: { ...everything, ...filter }, dryRun: false, ...options },
        signal,
      ),
    /** Records dead-letter messages as a worker does: a job without a record has failed. */
    async recordDeadLetters() {
      const seen = await deadLetters.receive(
        { maxMessages: 10, waitSeconds: 0, visibilitySeconds: 60 },
        signal,
      )
      for (const { body, receiptHandle } of seen) {
        const job = JSON.parse(body) as JobMessage
        const finished_at = new Date(nowMs).toISOString()
        await record({ ...aFailure({ reason: 'recorded again' }), job_id: job.job_id, job, finished_at })
        await deadLetters.setVisibility(receiptHandle, 0, signal)
      }
    },
    /** Completes the jobs in the queue as a worker does. A job with a result keeps it. */
    async work() {
      const received = await jobs.receive({ maxMessages: 10, waitSeconds: 0, visibilitySeconds: 60 }, signal)
      for (const { body, receiptHandle } of received) {
        const job = JSON.parse(body) as JobMessage
        await record({ ...aResult(), job_id: job.job_id, job })
        await jobs.remove(receiptHandle, signal)
      }
    },
    /** Returns the ids of the jobs with this end in the index. */
    entered: async (kind: EndedKind) =>
      (await Array.fromAsync(listEntries(outputs, kind, signal))).map(({ jobId }) => jobId),
    jobsInQueue: () => jobsIn(jobs),
    jobsAmongDeadLetters: () => jobsIn(deadLetters),
    result: (jobId: string) => read<ResultRecord>(resultKey(jobId)),
    status: (jobId: string) => read<StatusRecord>(statusKey(jobId)),
    async askToCancel(jobId: string) {
      await put(cancelKey(jobId), {})
    },
    isAskedToCancel: (jobId: string) => outputs.keys().includes(cancelKey(jobId)),
    archived: async (jobId: string) => {
      const keys = outputs.keys().filter((key) => key.startsWith(`jobs/${jobId}/failures/`))
      return await Promise.all(keys.map(async (key) => ({ key, record: await read<ResultRecord>(key) })))
    },
  }
}

export const classes = (...names: readonly FailureClass[]): ReadonlySet<FailureClass> => new Set(names)
