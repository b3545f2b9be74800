import type { IngestReport } from '../../../shared/contracts/ingest-report.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { type ClipRequest, requestOfJob, requestsOfReports } from '../../client/download/clip-request.ts'
import type { KeptClips } from '../../client/download/kept-list.ts'
import type { JobStatus } from '../../client/tracking/job-status.ts'
import { readJobStatuses } from '../../client/tracking/read-job-statuses.ts'
import { counted } from '../terminal/short-text.ts'
import { type JobSelectionOptions, type SelectedJobs, selectJobs } from './selection.ts'

export interface DownloadSelection {
  /** Requests after which the files are named. */
  readonly requests: readonly ClipRequest[]
  /** Statuses of the jobs of all requests. */
  readonly statuses: readonly JobStatus[]
  /** Jobs without a record. */
  readonly unknown: readonly string[]
  /** Jobs beyond the limit; `null` if they were not counted. */
  readonly left: number | null
  /** Reports of the uploads that are named. */
  readonly reports: readonly IngestReport[]
}

export interface SelectionOptions extends JobSelectionOptions {
  /** File of the list of kept clips. */
  readonly kept?: string
}

const isSelected = (named: readonly string[], { manifest, prefix, since }: SelectionOptions): boolean =>
  named.length > 0 || [manifest, prefix, since].some((option) => option !== undefined)

const assertVideosThere = (
  { clips }: KeptClips,
  file: string | undefined,
  statuses: readonly JobStatus[],
): void => {
  const byId = new Map(statuses.map((status) => [status.jobId, status]))
  for (const { jobId, video } of clips) {
    const result = byId.get(jobId)?.result ?? null
    if (result === null || result.state !== 'succeeded' || video < result.outputs.length) continue
    const message = `names video ${video} of job ${jobId}, which has ${counted(result.outputs.length, 'video')}`
    throw new InvalidInputError(
      '--kept',
      `${file}: ${message}, numbered from 0; export the list from the page again`,
    )
  }
}

/** A list for the clips of other jobs would download nothing. */
const assertSelectsKept = (kept: KeptClips, file: string | undefined, jobIds: readonly string[]): void => {
  const selected = new Set(jobIds)
  if (kept.jobIds.some((jobId) => selected.has(jobId))) return
  throw new InvalidInputError(
    '--kept',
    `${file}: none of its clips is of the jobs that are selected here; leave the selection out, or select their jobs`,
  )
}

/**
 * Selects the jobs to download: those that arguments and options select, or those of the list of kept clips if nothing else
 * selects any. Throws InvalidInputError.
 */
export const selectDownload = async (
  outputs: ObjectStore,
  named: readonly string[],
  options: SelectionOptions,
  kept: KeptClips | null,
  selecting: Omit<Parameters<typeof selectJobs>[3], 'otherwise'>,
): Promise<DownloadSelection> => {
  const { jobIds, left, reports }: Pick<SelectedJobs, 'jobIds' | 'left' | 'reports'> =
    kept !== null && !isSelected(named, options)
      ? { jobIds: kept.jobIds, left: 0, reports: [] }
      : await selectJobs(outputs, named, options, { ...selecting, otherwise: 'none' })
  const statuses = await readJobStatuses(outputs, jobIds, selecting.signal)
  if (kept !== null) {
    assertSelectsKept(kept, options.kept, jobIds)
    assertVideosThere(kept, options.kept, statuses)
  }
  const known = new Set(statuses.map(({ jobId }) => jobId))
  return {
    ...{ statuses, left, reports },
    unknown: jobIds.filter((jobId) => !known.has(jobId)),
    requests: reports.length > 0 ? requestsOfReports(reports) : statuses.map(requestOfJob),
  }
}
