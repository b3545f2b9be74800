import path from 'node:path'
import type { Command } from 'commander'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { assertFolderUsable } from '../../../shared/files/output-folder.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { formatBytes } from '../../../shared/size-text.ts'
import { type DeploymentOptions, deploymentPart, readDeployment } from '../../aws/deployment.ts'
import { checkpointDefaults } from '../../client/contact-sheet/checkpoint-defaults.ts'
import { NO_UPLOADS, type ProblemUploads } from '../../client/contact-sheet/problems.ts'
import { writeContactSheet } from '../../client/contact-sheet/write-contact-sheet.ts'
import { readJobStatuses } from '../../client/tracking/read-job-statuses.ts'
import { readRejectedReports } from '../../client/tracking/rejected-reports.ts'
import type { CommandContext } from '../command-context.ts'
import { addDeploymentOptions } from '../deployment-options.ts'
import { counted } from '../terminal/short-text.ts'
import {
  addJobSelection,
  type JobSelectionOptions,
  notesTo,
  type SelectedJobs,
  selectJobs,
} from './selection.ts'

const NOTES = `
The page needs nothing but itself: the clips are in it, or with --link in a folder beside it. Clips that did not pass
their checks are marked, as long as the bucket keeps them. Jobs of one image are side by side. Parameters that are not
the checkpoint's defaults stand out; without the models bucket, those that most of the jobs do not have.

On the page you sort and filter clips, and keep or reject each. The list that it saves is for svd download --kept. Failed
jobs, and uploads that were rejected, are on it with their reasons, unless jobs are named.

  svd report --output sheet.html --since 1d
  svd report --output motion.html --manifest manifests/motion.json --title "Motion sweep"
`

export const addReportOptions = (command: Command): Command => {
  command
    .summary('a page on which the clips of jobs play')
    .description('Writes an HTML page with the clips of jobs, their parameters, times and figures.')
  addJobSelection(command, { otherwise: 'all', limit: 100 })
  return addDeploymentOptions(command, ['outputBucket', 'modelsBucket'])
    .optionsGroup('Output:')
    .requiredOption('-o, --output <file>', 'the page; ends in .html')
    .option('--link', 'the clips as files in a folder beside the page')
    .option('--title <text>', 'its heading', 'Contact sheet')
    .option('--json', 'one JSON object')
    .addHelpText('after', NOTES)
}

export interface ReportOptions extends DeploymentOptions, JobSelectionOptions {
  readonly output: string
  readonly link?: true
  readonly title: string
  readonly json?: true
}

/** Rejected uploads that a page reports. */
const MAX_UPLOADS = 50

/** Rejected uploads among what the options select. An upload has no job, so named jobs and other states have none. */
const selectUploads = async (
  outputs: ObjectStore,
  { report, totals, since }: SelectedJobs,
  { state = 'failed' }: JobSelectionOptions,
  signal: AbortSignal,
): Promise<ProblemUploads> => {
  if (report !== null) return { reports: report.state === 'accepted' ? [] : [report], more: false }
  if (totals === null || state !== 'failed') return NO_UPLOADS
  return await readRejectedReports(outputs, { since, limit: MAX_UPLOADS }, signal)
}

/**
 * Writes the page. `bucketRemains`: whether its clips can be downloaded after the command has ended. Throws
 * InvalidInputError.
 */
export const runReport = async (
  named: readonly string[],
  options: ReportOptions,
  { environment, stdout, stderr, signal, openServices }: CommandContext,
  bucketRemains = true,
): Promise<void> => {
  const { outputBucket } = readDeployment(['outputBucket'], options, environment)
  if (!/\.html?$/i.test(options.output)) {
    throw new InvalidInputError('--output', `got '${options.output}'; must end in .html`)
  }
  await assertFolderUsable('--output', path.dirname(path.resolve(options.output)))
  await using services = await openServices()
  const outputs = services.openBucket(outputBucket)
  const now = services.clock.now()
  const selecting = { otherwise: 'all', now, note: notesTo(stderr), signal } as const
  const selected = await selectJobs(outputs, named, options, selecting)
  const { jobIds, left } = selected
  const uploads = await selectUploads(outputs, selected, options, signal)
  const statuses = await readJobStatuses(outputs, jobIds, signal)
  const modelsBucket = deploymentPart('modelsBucket', options, environment)
  const usual =
    modelsBucket === null
      ? null
      : await checkpointDefaults(services.openBucket(modelsBucket), statuses, signal)
  const written = await writeContactSheet(
    outputs,
    statuses,
    {
      file: options.output,
      link: options.link === true,
      title: options.title,
      subtitle: `s3://${outputBucket}`,
      madeAt: now.toISOString(),
      uploads,
      outputBucket: bucketRemains ? outputBucket : null,
      ...(usual !== null && { usual }),
    },
    signal,
  )
  if (options.json) {
    const { file, jobs, clips, sizeBytes } = written
    const report = { file, jobs, clips, size_bytes: sizeBytes, more_jobs: left }
    stdout.write(`${JSON.stringify(report, null, 2)}\n`)
    return
  }
  const beyond = left === 0 ? '' : `; ${left === null ? '' : `${left} `}more jobs (--limit)`
  stdout.write(
    `${options.output}  ${counted(written.jobs, 'job')}, ${counted(written.clips, 'clip')}, ${formatBytes(written.sizeBytes)}${beyond}\n`,
  )
}
