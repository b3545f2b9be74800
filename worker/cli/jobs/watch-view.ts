import { safeText } from '../../../shared/contracts/shown-value.ts'
import { type BatchPace, batchShare, jobShare, secondsLeft } from '../../client/tracking/batch-progress.ts'
import { isDone, type JobStanding } from '../../client/tracking/job-standing.ts'
import { formatDuration } from '../terminal/progress.ts'
import { shortened } from '../terminal/short-text.ts'
import { countStates, pictureText, progressText, shortId } from './table.ts'

const BAR_LENGTH = 20
const PICTURE_WIDTH = 24

const bar = (share: number): string => {
  const full = Math.round(share * BAR_LENGTH)
  return `[${'='.repeat(full)}${'-'.repeat(BAR_LENGTH - full)}]`
}

const jobLine = (standing: JobStanding): string => {
  const { jobId, state, attempt, message } = standing
  const picture = shortened(safeText(pictureText(standing.image.source_key)), PICTURE_WIDTH).padEnd(
    PICTURE_WIDTH,
  )
  const about = [
    progressText(standing) || state,
    attempt > 1 && !isDone(standing) ? `attempt ${attempt}` : '',
    safeText((message ?? '').replaceAll(/\s+/g, ' ')),
  ]
  return `${shortId(jobId)}  ${picture}  ${bar(jobShare(standing))} ${about.filter((text) => text !== '').join(', ')}`
}

/** Order of the rows: jobs in work, then failed, then queued, then succeeded. */
const RANK: Readonly<Record<JobStanding['state'], number>> = {
  rendering: 0,
  publishing: 0,
  preparing: 0,
  failed: 1,
  lost: 1,
  cancelled: 2,
  queued: 3,
  succeeded: 4,
}

/** The whole batch in a line. */
export const batchLine = (standings: readonly JobStanding[], pace: BatchPace): string => {
  const left = secondsLeft(standings, pace)
  const share = standings.length === 0 ? 0 : batchShare(standings) / standings.length
  const about = [
    countStates(standings),
    standings.every(isDone) ? '' : left === null ? '' : `about ${formatDuration(left)} left`,
  ]
  return `${bar(share)} ${Math.floor(share * 100)}%  ${about.filter((text) => text !== '').join('; ')}`
}

/** At most `rows` lines, the batch last. */
export const watchLines = (
  standings: readonly JobStanding[],
  pace: BatchPace,
  rows: number,
): readonly string[] => {
  const ordered = standings.toSorted((a, b) => RANK[a.state] - RANK[b.state])
  const room = Math.max(1, rows - 2)
  const shown = ordered.slice(0, ordered.length <= room ? room : room - 1)
  const more = ordered.length - shown.length
  return [...shown.map(jobLine), ...(more > 0 ? [`… and ${more} more`] : []), batchLine(standings, pace)]
}
