import type { WorkerEvent } from '../../../../worker/queue/worker-event.ts'

/** Which jobs a life of a worker has taken on although they were done. */
export interface JobsTakenOn {
  note(event: WorkerEvent): void
  wasDone(jobId: string): boolean
}

export const watchJobsTakenOn = (isDone: (jobId: string) => boolean): JobsTakenOn => {
  const messagesInHand = new Map<string, number>()
  const doneBefore = new Set<string>()
  const add = (jobId: string, count: number): void => {
    messagesInHand.set(jobId, (messagesInHand.get(jobId) ?? 0) + count)
  }
  return {
    note(event) {
      switch (event.type) {
        case 'job-received':
          // By another message it may be in hand already, since before it was done.
          if ((messagesInHand.get(event.jobId) ?? 0) === 0 && isDone(event.jobId)) doneBefore.add(event.jobId)
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
    wasDone: (jobId) => doneBefore.has(jobId),
  }
}
