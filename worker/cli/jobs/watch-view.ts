import { safeText } from '../../../shared/contracts/shown-value.ts'
import {
  type BatchPace,
  batchShare,
  jobShare,
  pollSecondsLeft,
} from '../../client/tracking/batch-progress.ts'
import { hasEnded, isDone, type JobStatus } from '../../client/tracking/job-status.ts'
import { formatDuration } from '../terminal/progress.ts'
import { shortened } from '../terminal/short-text.ts'
import { countStates, imageText, progressText, shortId } from './table.ts'

const BAR_LENGTH = 20
const IMAGE_WIDTH = 24

const bar = (share: number): string => {
  const full = Math.round(share * BAR_LENGTH)
  return `[${'='.repeat(full)}${'-'.repeat(BAR_LENGTH - full)}]`
}

const jobLine = (status: JobStatus): string => {
  const { jobId, state, attempt, message } = status
  const image = shortened(safeText(imageText(status.image.source_key)), IMAGE_WIDTH).padEnd(IMAGE_WIDTH)
  const about = [
    progressText(status) || state,
    attempt > 1 && !isDone(status) ? `attempt ${attempt}` : '',
    safeText((message ?? '').replaceAll(/\s+/g, ' ')),
  ]
  return `${shortId(jobId)}  ${image}  ${bar(jobShare(status))} ${about.filter((text) => text !== '').join(', ')}`
}

/** Order of the rows: jobs in work, then failed, then queued, then succeeded. */
const RANK: Readonly<Record<JobStatus['state'], number>> = {
  rendering: 0,
  publishing: 0,
  preparing: 0,
  failed: 1,
  lost: 1,
  cancelled: 2,
  queued: 3,
  succeeded: 4,
}

/** `12 of 40 clips done: 3 queued, 1 rendering, 10 succeeded, 2 failed; about 5:00 left`. */
export const batchText = (statuses: readonly JobStatus[], pace: BatchPace): string => {
  const left = statuses.every(isDone) ? null : pollSecondsLeft(statuses.length, pace)
  const ended = statuses.filter(hasEnded).length
  const clips = statuses.length > 1 ? `${ended} of ${statuses.length} clips done: ` : ''
  return `${clips}${countStates(statuses)}${left === null ? '' : `; about ${formatDuration(left)} left`}`
}

/** The whole batch in a line. */
export const batchLine = (statuses: readonly JobStatus[], pace: BatchPace): string => {
  const share = statuses.length === 0 ? 0 : batchShare(statuses) / statuses.length
  return `${bar(share)} ${Math.floor(share * 100)}%  ${batchText(statuses, pace)}`
}

/** At most `rows` lines, the batch last. */
export const watchLines = (
  statuses: readonly JobStatus[],
  pace: BatchPace,
  rows: number,
): readonly string[] => {
  const ordered = statuses.toSorted((a, b) => RANK[a.state] - RANK[b.state])
  const room = Math.max(1, rows - 2)
  const shown = ordered.slice(0, ordered.length <= room ? room : room - 1)
  const more = ordered.length - shown.length
  return [...shown.map(jobLine), ...(more > 0 ? [`… and ${more} more`] : []), batchLine(statuses, pace)]
}
