import type { Command } from 'commander'
import { assertFolderUsable } from '../../../shared/files/output-folder.ts'
import { removeLeftovers } from '../../../shared/files/remove-leftovers.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { type DeploymentOptions, readDeployment } from '../../aws/deployment.ts'
import { type ClipDownload, openClipDownload } from '../../client/download/download-clips.ts'
import { readKeptList } from '../../client/download/kept-list.ts'
import { hasEnded, type JobStatus } from '../../client/tracking/job-status.ts'
import type { CommandContext } from '../command-context.ts'
import { addDeploymentOptions } from '../deployment-options.ts'
import { EXIT_DONE, EXIT_FAILURE, InterruptedError } from '../exit-code.ts'
import { leftoverLines } from '../terminal/leftover-lines.ts'
import { addFileOptions, type FileOptions, NAME_NOTES, templateOf } from './download-options.ts'
import { downloadAsJson, downloadEndLines, missingClips, openFileLines } from './download-report.ts'
import { type SelectionOptions, selectDownload } from './download-selection.ts'
import { followQueues } from './follow-queues.ts'
import { addJobSelection, MAX_LIMIT, notesTo } from './selection.ts'
import { faultLines } from './submit-report.ts'
import { parseInterval } from './watch.ts'
import { displayFor, type WatchOptions, watchJobs } from './watch-jobs.ts'

const NOTES = `
Each clip is downloaded when its job has succeeded; --no-wait takes those that have, and ends. A file that is there already
is kept if it is the clip by its SHA-256, and refused if it is another file. So the same command again downloads what is
missing only. A file has its name when it is complete. Clips of failed jobs and clips that failed their checks are not
downloaded; the jobs are named at the end, and the exit code is 1.
${NAME_NOTES}
  svd download --manifest products.json --to videos
  svd download --manifest products.json --to videos --name '{item_id}-{motion_bucket_id}-{seed}'
  svd download --since 1d --to videos --no-wait
  svd download --kept kept.json --to chosen
`

export const addDownloadOptions = (command: Command): Command => {
  command
    .summary('download clips, each when it is ready')
    .description('Downloads the clips of jobs into a folder, each when its job has succeeded.')
  addJobSelection(command, { otherwise: 'none', limit: MAX_LIMIT })
    .option('--kept <file>', 'the clips of this list, which the page of svd report exports')
    .option('--no-wait', 'take what is ready, and end')
    .optionsGroup('Files:')
    .requiredOption('--to <dir>', 'folder for the clips')
  addFileOptions(command)
  return addDeploymentOptions(command, ['outputBucket', 'jobsQueueUrl', 'deadLetterQueueUrl'])
    .optionsGroup('Output:')
    .option('--interval <seconds>', 'between two polls', '2')
    .option('--json', 'one JSON object')
    .option('--quiet', 'no progress')
    .addHelpText('after', NOTES)
}

export interface DownloadOptions extends DeploymentOptions, SelectionOptions, FileOptions {
  readonly wait: boolean
  readonly to: string
  readonly interval: string
  readonly json?: true
  readonly quiet?: true
}

/** Downloads what is ready, then each clip when its job has succeeded. Returns the statuses at the end. */
const followAndDownload = async (
  outputs: ObjectStore,
  download: ClipDownload,
  known: readonly JobStatus[],
  following: Omit<WatchOptions, 'onStatuses'>,
  signal: AbortSignal,
): Promise<readonly JobStatus[]> => {
  await download.fetch(known, signal)
  const going = known.filter((status) => !hasEnded(status)).map(({ jobId }) => jobId)
  if (going.length === 0) return known
  const onStatuses = (statuses: readonly JobStatus[]): Promise<void> => download.fetch(statuses, signal)
  const ended = await watchJobs(outputs, going, { ...following, onStatuses }, signal)
  const byId = new Map(ended.map((status) => [status.jobId, status]))
  return known.map((status) => byId.get(status.jobId) ?? status)
}

/** Returns the exit code: 1 if a clip is missing, or an upload that is named has faults. Throws InvalidInputError. */
export const runDownload = async (
  named: readonly string[],
  options: DownloadOptions,
  context: CommandContext,
): Promise<number> => {
  const { environment, stdout, stderr, signal, openServices } = context
  const { outputBucket } = readDeployment(['outputBucket'], options, environment)
  const { to: folder, wait } = options
  const intervalMs = parseInterval(options.interval)
  const template = templateOf(options)
  const kept = options.kept === undefined ? null : await readKeptList('--kept', options.kept)
  await assertFolderUsable('--to', folder)
  await using services = await openServices()
  const { clock } = services
  const outputs = services.openBucket(outputBucket)
  const note = notesTo(stderr)
  const selecting = { now: clock.now(), note, signal }
  const selected = await selectDownload(outputs, named, options, kept, selecting)
  const { reports, unknown, left } = selected
  if (left !== 0) note(`${left === null ? '' : `${left} `}further jobs are not downloaded (--limit)`)

  const quiet = options.quiet === true || (options.json === true && stderr.isTTY !== true)
  const lines = openFileLines(stdout, { isLive: wait && !quiet && stderr.isTTY === true })
  const download = openClipDownload(outputs, selected.requests, {
    ...{ folder, option: '--to', template },
    ...{ overwrite: options.overwrite === true, posters: options.posters === true },
    ...(kept !== null && { isWanted: kept.has }),
    onFile: (file) => !options.json && lines.write(file),
  })
  // Names depend on all clips that are selected, so that they stay as they were before some were marked.
  await download.plan(selected.statuses, signal)
  const keptIds = kept === null ? null : new Set(kept.jobIds)
  const isWanted = (jobId: string): boolean => keptIds === null || keptIds.has(jobId)
  const known = selected.statuses.filter(({ jobId }) => isWanted(jobId))
  const leftovers = await removeLeftovers([folder], clock.now().getTime())
  if (!quiet) stderr.write(leftoverLines(leftovers))
  let statuses: readonly JobStatus[] = known
  try {
    using queues = followQueues(options, services, context)
    const { readQueueDepths } = queues
    const display = displayFor({ stdout: stderr, stderr }, { quiet, clock })
    const following = { clock, intervalMs, readQueueDepths, display }
    if (wait) statuses = await followAndDownload(outputs, download, known, following, signal)
    else await download.fetch(known, signal)
  } catch (error) {
    if (error instanceof InterruptedError) note('the jobs go on; the same command downloads what is missing')
    throw error
  } finally {
    lines.end()
  }

  const end = { folder, download, statuses, unknown: unknown.filter(isWanted) }
  const uploadFaults = reports.map((report) => faultLines(report.key, report)).join('')
  stderr.write(downloadEndLines(end, { uploadFaults, json: options.json === true }))
  if (options.json) stdout.write(`${JSON.stringify(downloadAsJson(end), null, 2)}\n`)
  const isAccepted = reports.every(({ state }) => state === 'accepted')
  return isAccepted && missingClips(end).length === 0 ? EXIT_DONE : EXIT_FAILURE
}
