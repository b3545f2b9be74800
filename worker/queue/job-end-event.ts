import type { ActiveJob } from '../jobs/active-job.ts'
import type { JobEnd } from '../jobs/leased-job.ts'
import type { WorkerLogEvent } from '../telemetry/worker-event.ts'

export const jobEndEvent = ({ attempt }: ActiveJob, end: JobEnd): WorkerLogEvent => {
  const jobId = attempt.job.job_id
  switch (end.type) {
    case 'done':
      return { type: 'job-done', jobId, result: end.result }
    case 'done-before':
      return { type: 'job-done-before', jobId }
    case 'retry': {
      const { reason, delaySeconds } = end
      return { type: 'job-retry', jobId, attempt: attempt.number, reason, delaySeconds }
    }
    case 'released':
      return { type: 'job-released', jobId, reason: end.reason }
    case 'postponed': {
      const { reason, delaySeconds, waitsForModel } = end
      return { type: 'job-postponed', jobId, reason, delaySeconds, waitsForModel }
    }
    case 'abandoned':
      return { type: 'job-abandoned', jobId, reason: end.reason, leaseLost: end.leaseLost }
  }
}
