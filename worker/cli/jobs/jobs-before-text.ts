import { safeText } from '../../../shared/contracts/shown-value.ts'
import type { DeploymentOptions } from '../../aws/deployment.ts'
import type { JobsBefore } from '../../client/submit/jobs-before.ts'
import type { JobStatus } from '../../client/tracking/job-status.ts'
import { counted, shortened } from '../terminal/short-text.ts'
import { suggestedCommand } from './suggested-command.ts'
import { countStates, imageText, shortId } from './table.ts'

const REASON_LENGTH = 100
/** Most jobs that have a line each. */
const MOST_LINES = 20
/** Most ids in a command that the user may copy. */
const MOST_IDS = 5

const reasonText = ({ state, message, result }: JobStatus): string => {
  if (state !== 'failed') return state
  const reason = shortened((message ?? '').replaceAll(/\s+/g, ' '), REASON_LENGTH)
  return `failed as ${result?.failure?.class}: ${reason}`
}

const lines = (statuses: readonly JobStatus[]): string => {
  const shown = statuses.slice(0, MOST_LINES).map((status) => {
    const image = safeText(imageText(status.image.source_key))
    return `${shortId(status.jobId)}  ${image}  ${safeText(reasonText(status))}\n`
  })
  const more = statuses.length - shown.length
  return shown.join('') + (more > 0 ? `and ${more} more\n` : '')
}

/** Command that redrives these jobs, or the first of them. */
export const redriveCommand = (jobIds: readonly string[], options: DeploymentOptions): string => {
  const command = suggestedCommand(options, ['redrive', '--job', ...jobIds.slice(0, MOST_IDS).map(shortId)])
  return jobIds.length > MOST_IDS ? `for the first ${MOST_IDS}: ${command}` : command
}

const verb = ({ length }: readonly unknown[], one: string, several: string): string =>
  `${counted(length, 'job')} ${length === 1 ? one : several}`

interface SaidOfJobsBefore {
  readonly retries: boolean
  readonly quiet: boolean
  readonly options: DeploymentOptions
}

/**
 * Lines about the jobs of a submission that were known before; empty if all are new. `retries`: the
 * failed ones are brought back. `quiet`: nothing of jobs that succeeded or that go on. `options`: of the submit.
 */
export const jobsBeforeText = (
  { succeeded, failed, cancelled, underway }: JobsBefore,
  { retries, quiet, options }: SaidOfJobsBefore,
): string => {
  const redriving = (statuses: readonly JobStatus[]): string =>
    redriveCommand(
      statuses.map(({ jobId }) => jobId),
      options,
    )
  const parts = [
    quiet || succeeded === 0
      ? ''
      : `${counted(succeeded, 'job')} succeeded before: nothing is rendered, ${succeeded === 1 ? 'its clip is' : 'their clips are'} there\n`,
    quiet || underway.length === 0
      ? ''
      : `${verb(underway, 'is', 'are')} in the queue since an earlier upload: ${countStates(underway)}\n`,
    failed.length === 0
      ? ''
      : `${verb(failed, 'has', 'have')} failed before` +
        `${retries ? '' : `: nothing is rendered. To try again, give --retry-failed, or ${redriving(failed)}`}\n` +
        lines(failed),
    cancelled.length === 0
      ? ''
      : `${verb(cancelled, 'was', 'were')} cancelled before: nothing is rendered. To render, ${redriving(cancelled)}\n` +
        lines(cancelled),
  ]
  return parts.join('')
}
