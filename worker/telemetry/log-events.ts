import type { Logger } from '@aws-lambda-powertools/logger'
import { type ResultRecord, warningsOf } from '../../shared/contracts/result-record.ts'
import type { WorkerLogEvent } from './worker-event.ts'

export interface EventLogOptions {
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>
  /** Time in milliseconds, of any clock. */
  readonly now: () => number
}

/** Least time between two progress lines of a job, whose steps are many and alike. */
const PROGRESS_MS = 10_000

type Level = 'info' | 'warn' | 'error'

/** Fields of a line beside level, message, time and service. The logger leaves out those that are `null`. */
type Fields = Readonly<Record<string, string | number | boolean | null>>

const line = (level: Level, message: string, fields: Fields) => ({ level, message, fields })

/** Level of a result's line. `invalid-input` is only a warning, because it is a mistake of the user. */
const levelOf = (result: ResultRecord): Level => {
  if (result.failure !== null) return result.failure.class === 'invalid-input' ? 'warn' : 'error'
  return warningsOf(result).length > 0 ? 'warn' : 'info'
}

const lineOfResult = (job_id: string, result: ResultRecord) =>
  line(levelOf(result), `job ${result.state}`, {
    job_id,
    trace_id: result.job.trace_id,
    attempt: result.attempt,
    videos: result.outputs.length,
    failure_class: result.failure?.class ?? null,
    reason: result.failure?.reason ?? null,
    warnings: warningsOf(result).join('; ') || null,
    device_seconds: result.device_seconds,
    cost_usd: result.cost_usd,
    safer_path: result.safer_path,
  })

const lineOf = (event: Exclude<WorkerLogEvent, { type: 'job-progress' }>) => {
  switch (event.type) {
    case 'worker-started':
      return line('info', 'worker started', { worker_id: event.workerId })
    case 'job-received':
      return line('info', 'job received', {
        job_id: event.jobId,
        attempt: event.attempt,
        waiting_seconds: event.waitingSeconds,
      })
    case 'job-stage':
      return line('info', `job ${event.stage}`, { job_id: event.jobId })
    case 'device-idle':
      return line('info', 'device was idle', { job_id: event.jobId, gap_ms: event.gapMs })
    case 'clip-rejected':
      return line(
        'warn',
        event.failure === null ? 'clip rejected' : 'clip rejected, and not all of it kept',
        {
          job_id: event.jobId,
          videos: event.videos.join(' ') || null,
          reason: event.failure,
        },
      )
    case 'job-done':
      return lineOfResult(event.jobId, event.result)
    case 'job-done-before':
      return line('info', 'job was done before', { job_id: event.jobId })
    case 'job-retry':
      return line('warn', 'job will be tried again', {
        job_id: event.jobId,
        attempt: event.attempt,
        reason: event.reason,
        delay_seconds: event.delaySeconds,
      })
    case 'job-released':
      return line('info', 'job handed back', { job_id: event.jobId, reason: event.reason })
    case 'job-postponed':
      return line('warn', 'job has to wait', {
        job_id: event.jobId,
        reason: event.reason,
        delay_seconds: event.delaySeconds,
        waits_for_model: event.waitsForModel?.id ?? null,
      })
    case 'job-abandoned':
      return line('warn', event.leaseLost ? 'job lost with its lease' : 'job left to its lease', {
        job_id: event.jobId,
        reason: event.reason,
      })
    case 'message-malformed':
      return line('error', 'malformed message', { message_id: event.messageId, reason: event.reason })
    case 'dead-letter-recorded':
      return line('warn', 'dead letter recorded', { message_id: event.messageId, job_id: event.jobId })
    case 'renderer-restarted':
      return line('warn', 'renderer restarted', { reason: event.reason })
    case 'queue-unreachable':
      return line('warn', 'queue cannot be reached', {
        reason: event.reason,
        retry_in_seconds: event.retryInSeconds,
      })
    case 'task-protected':
      return line('info', 'task protected from scale-in', { minutes: event.minutes })
    case 'task-unprotected':
      return line('info', 'task not protected any more', {})
    case 'task-protection-failed':
      return line('warn', 'task protection failed', {
        reason: event.reason,
        retry_in_seconds: event.retryInSeconds,
      })
    case 'draining':
      return line('info', 'draining', { reason: event.reason, seconds_left: event.secondsLeft })
    case 'worker-stopped':
      return line('info', 'worker stopped', { reason: event.reason, jobs: event.jobs })
  }
}

/** One line of JSON an event, and of progress one in ten seconds a job. The names of its keys are a contract. */
export const logEvents = ({ logger, now }: EventLogOptions): ((event: WorkerLogEvent) => void) => {
  /** Time of the last progress line of each job that runs. */
  const lastProgress = new Map<string, number>()
  return (event) => {
    if (event.type === 'job-progress') {
      const before = lastProgress.get(event.jobId)
      if (before !== undefined && now() - before < PROGRESS_MS) return
      lastProgress.set(event.jobId, now())
      const { phase, step, steps } = event.progress
      return logger.info('job progress', { job_id: event.jobId, phase, step, steps })
    }
    // Whatever else happens to a job but a new stage, it does not run on.
    if ('jobId' in event && event.jobId !== null && event.type !== 'job-stage')
      lastProgress.delete(event.jobId)
    const { level, message, fields } = lineOf(event)
    logger[level](message, fields)
  }
}
