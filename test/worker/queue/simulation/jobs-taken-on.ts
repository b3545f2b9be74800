import type { WorkerLogEvent } from '../../../../worker/telemetry/worker-event.ts'

/** Which jobs a life of a worker has taken on although they were done. */
export interface JobsTakenOn {
  note(event: WorkerLogEvent): void
  /** Ingest may have put the record aside since, so that the job is not done any more. */
  wasDone(jobId: string): boolean
}

/** `recordOf`: tells one record of a job from a later one; `null`: it has none. */
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
          // By another message it may be in hand already, since before it was done.
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
