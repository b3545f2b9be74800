import type { IngestLogEvent } from '../../../functions/ingest/ingest-deps.ts'
import type { NotifyLogEvent } from '../../../functions/notify/notify-deps.ts'
import { messageOfResult } from '../../../shared/contracts/result-record.ts'
import { safeText } from '../../../shared/contracts/shown-value.ts'
import type { WorkerLogEvent } from '../../telemetry/worker-event.ts'
import { counted } from '../terminal/short-text.ts'

const SHORT_ID = 8

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const textOf = (event: IngestLogEvent | WorkerLogEvent): string | null => {
  switch (event.type) {
    case 'reported': {
      const { key, state, jobs, faults } = event.report
      const [first] = faults
      return `${key}: ${state}, ${counted(jobs.length, 'job')}${first === undefined ? '' : `; ${first.field}: ${first.message}`}`
    }
    case 'failed':
      return `${event.key}: could not be ingested, will be tried again: ${reasonOf(event.error)}`
    case 'job-stage':
      return `${event.jobId.slice(0, SHORT_ID)}  ${event.stage}`
    case 'clip-rejected': {
      const kept =
        event.failure === null ? event.videos.join(', ') : `not all of it is kept: ${event.failure}`
      return `${event.jobId.slice(0, SHORT_ID)}  clip rejected: ${kept}`
    }
    case 'job-done': {
      const { state, job, device_seconds } = event.result
      const end = messageOfResult(event.result) ?? `${device_seconds.toFixed(1)} s`
      return `${event.jobId.slice(0, SHORT_ID)}  ${state}: ${job.image.source_key}, ${end}`
    }
    case 'job-done-before':
      return `${event.jobId.slice(0, SHORT_ID)}  was done before`
    case 'job-retry':
    case 'job-released':
    case 'job-postponed':
    case 'job-abandoned':
      return `${event.jobId.slice(0, SHORT_ID)}  ${event.type.slice('job-'.length)}: ${event.reason}`
    case 'message-malformed':
      return `message ${event.messageId} is no job: ${event.reason}`
    case 'queue-unreachable':
      return `queue: ${event.reason}`
    default:
      return null
  }
}

/** Line that an event prints for a person who watches; `null` for none. Names in it are users' text. */
export const localEventLine = (event: IngestLogEvent | WorkerLogEvent): string | null => {
  const text = textOf(event)
  return text === null ? null : safeText(text)
}

/** Line that an event of notify prints: only where it failed. */
export const notifyLine = (event: NotifyLogEvent): string | null =>
  event.type === 'failed'
    ? safeText(`${event.key}: could not be announced, will be tried again: ${reasonOf(event.error)}`)
    : null
