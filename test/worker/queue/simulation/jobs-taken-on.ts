import type { WorkerLogEvent } from '../../../../worker/telemetry/worker-event.ts'

/** The jobs that a worker's process took on although they had a result. */
export interface JobsTakenOn {
  note(event: WorkerLogEvent): void
  /** Returns whether the job had its current result when the process received it. Ingest may remove a result. */
  wasDone(jobId: string): boolean
}

/** `recordOf` returns a number that differs between results of a job, or `null` if the job has none. */
export const watchJobsTakenOn = (recordOf: (jobId: string) => number | null): JobsTakenOn => {
  const messagesInHand = new Map<string, number>()
  const doneBefore = new Map<string, number>()
  const add = (jobId: string, count: number): void => {
    messagesInHand.set(jobId, (messagesInHand.get(jobId) ?? 0) + count)
  }
  const noteDone = (jobId: string): void => {
    const record = recordOf(jobId)
    if (record !== null) doneBefore.set(jobId, record)
  }
  return {
    note(event) {
      switch (event.type) {
        case 'job-received':
          // The process may have the job by another message already, from before its result.
          if ((messagesInHand.get(event.jobId) ?? 0) === 0) noteDone(event.jobId)
          return add(event.jobId, 1)
        case 'job-done':
        case 'job-done-before':
        case 'job-retry':
        case 'job-released':
        case 'job-postponed':
        case 'job-abandoned':
          return add(event.jobId, -1)
      }
    },
    wasDone: (jobId) => doneBefore.has(jobId) && doneBefore.get(jobId) === recordOf(jobId),
  }
}
