import type { IngestReport } from '../../../shared/contracts/ingest-report.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { assertFolderUsable } from '../../../shared/files/output-folder.ts'
import { removeLeftovers } from '../../../shared/files/remove-leftovers.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import type { Services } from '../../aws/services.ts'
import { requestsOfReports } from '../../client/download/clip-request.ts'
import { type ClipDownload, openClipDownload } from '../../client/download/download-clips.ts'
import { assertExpectedNames } from '../../client/download/expected-names.ts'
import type { Submission } from '../../client/submit/plan-submission.ts'
import type { JobStatus } from '../../client/tracking/job-status.ts'
import { readJobStatuses } from '../../client/tracking/read-job-statuses.ts'
import type { CommandContext } from '../command-context.ts'
import { EXIT_DONE, EXIT_FAILURE } from '../exit-code.ts'
import { leftoverLines } from '../terminal/leftover-lines.ts'
import { templateOf } from './download-options.ts'
import { downloadEndLines, missingAsJson, missingClips, openFileLines } from './download-report.ts'
import { followQueues } from './follow-queues.ts'
import type { SubmitOptions } from './submit-options.ts'
import { jobTable } from './table.ts'
import { allSucceeded, displayFor, endLine, watchJobs } from './watch-jobs.ts'

/** Whether the command waits for the jobs. */
export const isWaiting = ({ wait, download }: SubmitOptions): boolean =>
  wait === true || download !== undefined

/** Checks folder and names of the clips before anything is uploaded. Throws InvalidInputError. */
export const checkDownload = async (options: SubmitOptions, { requests }: Submission): Promise<void> => {
  const { download, name, overwrite, posters } = options
  const [useless] = [
    ...(name === undefined ? [] : ['--name']),
    ...(overwrite ? ['--overwrite'] : []),
    ...(posters ? ['--posters'] : []),
  ]
  if (download === undefined && useless !== undefined)
    throw new InvalidInputError(useless, 'is for files that are downloaded; give --download DIR too')
  if (download !== undefined) await assertFolderUsable('--download', download)
  const template = templateOf(options)
  if (template !== null)
    assertExpectedNames(
      '--name',
      template,
      requests.flatMap(({ clips }) => clips()),
    )
}

export interface WaitedJobs {
  /** By job id. */
  readonly statuses: ReadonlyMap<string, JobStatus>
  /** Paths of the files in the folder, by job id. */
  readonly files: ReadonlyMap<string, readonly string[]>
  /** Clips that are not in the folder, as `--json` prints them; empty if no folder is asked for. */
  readonly missing: ReturnType<typeof missingAsJson>
  readonly exitCode: number
}

export const NOT_WAITED: WaitedJobs = {
  ...{ statuses: new Map(), files: new Map(), missing: [], exitCode: EXIT_DONE },
}

interface WaitDeps {
  readonly outputs: ObjectStore
  readonly services: Services
  readonly intervalMs: number
  /** Lines about what ingest did not take, which the end repeats. */
  readonly uploadFaults: string
}

/** Waits for all jobs of the reports, and downloads each clip when its job has succeeded, if there is a folder for them. */
export const awaitJobs = async (
  sent: readonly { readonly report: IngestReport | null }[],
  { outputs, services, intervalMs, uploadFaults }: WaitDeps,
  options: SubmitOptions,
  context: CommandContext,
): Promise<WaitedJobs> => {
  const { stdout, stderr, signal } = context
  const { clock } = services
  const reports = sent.flatMap(({ report }) => report ?? [])
  const jobIds = [...new Set(reports.flatMap(({ jobs }) => jobs.map(({ job_id }) => job_id)))]
  const quiet = options.quiet === true || (options.json === true && stderr.isTTY !== true)
  const lines = openFileLines(stdout, { isLive: !quiet && stderr.isTTY === true })
  const { download: folder } = options

  let download: ClipDownload | null = null
  if (folder !== undefined) {
    download = openClipDownload(outputs, requestsOfReports(reports), {
      ...{ folder, option: '--download', template: templateOf(options) },
      ...{ overwrite: options.overwrite === true, posters: options.posters === true },
      onFile: (file) => !options.json && lines.write(file),
    })
    await download.plan(await readJobStatuses(outputs, jobIds, signal), signal)
    const leftovers = await removeLeftovers([folder], clock.now().getTime())
    if (!quiet) stderr.write(leftoverLines(leftovers))
  }

  const display = displayFor({ stdout, stderr }, { quiet, clock })
  let statuses: readonly JobStatus[] = []
  {
    using queues = followQueues(options, services, context)
    const { readQueueDepths } = queues
    const onStatuses = async (seen: readonly JobStatus[]): Promise<void> => download?.fetch(seen, signal)
    const following = { clock, intervalMs, readQueueDepths, display, onStatuses }
    try {
      statuses = await watchJobs(outputs, jobIds, following, signal)
    } finally {
      lines.end()
    }
  }
  if (!options.json && statuses.length > 0) stdout.write(`${jobTable(statuses, clock.now())}\n`)
  if (!options.json) stdout.write(endLine(statuses))
  const end = folder === undefined || download === null ? null : { folder, download, statuses, unknown: [] }
  // Without a job there was no wait, and the faults are in sight.
  const repeated = jobIds.length === 0 ? '' : uploadFaults
  stderr.write(
    end === null ? repeated : downloadEndLines(end, { uploadFaults: repeated, json: options.json === true }),
  )
  const isWhole = allSucceeded(statuses) && (end === null || missingClips(end).length === 0)
  const byJob = Map.groupBy(download?.files ?? [], ({ request }) => request.jobId)
  return {
    statuses: new Map(statuses.map((status) => [status.jobId, status])),
    files: new Map([...byJob].map(([jobId, files]) => [jobId, files.map(({ file }) => file)])),
    missing: end === null ? [] : missingAsJson(end),
    exitCode: isWhole ? EXIT_DONE : EXIT_FAILURE,
  }
}
