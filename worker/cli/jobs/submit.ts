import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { IngestReport } from '../../../shared/contracts/ingest-report.ts'
import { parseRenderArguments, type RenderArguments } from '../../../shared/contracts/render-arguments.ts'
import { createDisposalStack } from '../../../shared/disposal-stack.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { downloadVideos } from '../../client/download/download-videos.ts'
import type { ImageChecks } from '../../client/submit/image-upload.ts'
import { findJobsBefore } from '../../client/submit/jobs-before.ts'
import { planSubmission, type Submission } from '../../client/submit/plan-submission.ts'
import { changedArguments } from '../../client/submit/rerun-arguments.ts'
import {
  assertReportsReadable,
  awaitReports,
  type SentRequest,
  sendSubmission,
} from '../../client/submit/send-submission.ts'
import type { JobStatus } from '../../client/tracking/job-status.ts'
import { readArguments, SAMPLING_OPTIONS, spellOption, VIDEO_OPTIONS } from '../argument-options.ts'
import type { CommandContext } from '../command-context.ts'
import { readDeployment } from '../deployment.ts'
import { EXIT_FAILURE, EXIT_INVALID_INPUT, worstOf } from '../exit-code.ts'
import { expandInputs } from '../expand-inputs.ts'
import { assertImagesReadable } from '../input-images.ts'
import { chooseSeeds } from '../seed-options.ts'
import type { Services } from '../services.ts'
import { parseDuration } from '../terminal/duration.ts'
import { readContextOption } from './context-option.ts'
import { followQueues } from './queue-depths.ts'
import { jobsBeforeText, retriedText, retryFailed } from './retry-failed.ts'
import type { SubmitOptions } from './submit-options.ts'
import {
  acceptedJobs,
  acceptedLines,
  faultLines,
  submissionAsJson,
  supersededLines,
  warningLines,
} from './submit-report.ts'
import { jobTable } from './table.ts'
import { parseInterval } from './watch.ts'
import { allSucceeded, displayFor, endLine, watchJobs } from './watch-jobs.ts'

/** No two submits share a folder, and folders are in the order of time. */
const newPrefix = (now: Date): string =>
  `${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`

/** The one image of a job that is submitted with changes. */
export interface SubmittedAgain {
  /** Arguments of the job, with which those that are typed are merged. */
  readonly job: RenderArguments
  /** Name by which messages call the image. */
  readonly name: string
}

interface PlanDeps {
  readonly again: SubmittedAgain | null
  readonly now: Date
  readonly scratchDir: string
  readonly stderr: CommandContext['stderr']
}

/** The submission of one image, which messages call so. */
const withName = ({ images, requests }: Submission, name: string): Submission => ({
  images,
  requests: requests.map(({ before, upload }) => ({
    before: before.map((sidecar) => ({ ...sidecar, name })),
    upload: { ...upload, name },
  })),
})

const plan = async (
  inputs: readonly string[],
  asked: SubmitOptions,
  { again, now, scratchDir, stderr }: PlanDeps,
): Promise<Submission> => {
  const { options, seeds, note } = chooseSeeds(asked)
  const typed = readArguments({ ...options }, [...VIDEO_OPTIONS, ...SAMPLING_OPTIONS])
  const changes = parseRenderArguments(typed, spellOption)
  const given = again === null ? changes : changedArguments(again.job, changes, seeds)
  const files = await expandInputs(inputs)
  await assertImagesReadable(files)
  const { prefix, images } = options
  const context = options.context === undefined ? null : await readContextOption(options.context)
  const onScaled: ImageChecks['onScaled'] = (file, from, to) => {
    stderr.write(
      `${file}: ${from.width}x${from.height} pixels are more than ingest takes; ` +
        `uploads it scaled down to ${to.width}x${to.height}\n`,
    )
  }
  const onConverted: ImageChecks['onConverted'] = (file, from) => {
    if (!options.quiet) stderr.write(`${file}: ingest does not read ${from}; uploads it converted to PNG\n`)
  }
  const request = {
    files,
    given,
    context,
    seeds,
    prefix: prefix ?? newPrefix(now),
    imagesDir: images ?? null,
  }
  const submission = await planSubmission(request, { scratchDir, onScaled, onConverted })
  if (note !== null && options.quiet !== true) stderr.write(note)
  return again === null ? submission : withName(submission, again.name)
}

const REPORT_INTERVAL_MS = 500

interface Reported {
  readonly request: SentRequest
  readonly report: IngestReport | null
}

/** Uploads, and waits for ingest; says on the way what is known. */
const send = async (
  submission: Submission,
  { inputs, outputs, limitMs }: { inputs: ObjectStore; outputs: ObjectStore; limitMs: number },
  options: SubmitOptions,
  { clock }: Services,
  { stdout, stderr, signal }: CommandContext,
): Promise<readonly Reported[]> => {
  const onSent = ({ name, key }: { readonly name: string; readonly key: string }): void => {
    if (!options.quiet) stderr.write(`${name} is at s3://${inputs.bucket}/${key}\n`)
  }
  await assertReportsReadable(outputs, submission, signal)
  const sent = await sendSubmission(inputs, submission, onSent, signal)
  const reports = new Map<string, IngestReport>()
  const onReport = ({ upload }: SentRequest, report: IngestReport): void => {
    reports.set(upload.key, report)
    if (!options.json) stdout.write(acceptedLines(outputs.bucket, report) + supersededLines(report))
    stderr.write(warningLines(upload.name, report) + faultLines(upload.name, report))
  }
  const waits = { clock, intervalMs: REPORT_INTERVAL_MS, limitMs, onReport }
  for (const { upload } of await awaitReports(outputs, sent, waits, signal)) {
    stderr.write(
      `error: ${upload.name}: ingest has not said anything of s3://${inputs.bucket}/${upload.key} within ` +
        `${options.reportTimeout}; it is there, and svd status --manifest ${upload.key} will tell\n`,
    )
  }
  return sent.map((request) => ({ request, report: reports.get(request.upload.key) ?? null }))
}

const fetchVideos = async (
  outputs: ObjectStore,
  statuses: readonly JobStatus[],
  folder: string,
  { stdout, signal, quiet }: Pick<CommandContext, 'stdout' | 'signal'> & { readonly quiet: boolean },
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const files = new Map<string, readonly string[]>()
  for (const status of statuses) {
    if (status.state !== 'succeeded' || status.result === null) continue
    const fetched = await downloadVideos(outputs, status.result, folder, signal)
    files.set(status.jobId, fetched)
    if (!quiet) for (const file of fetched) stdout.write(`${file}\n`)
  }
  return files
}

/**
 * Returns the exit code: 2 if ingest rejected something, 1 if a job failed or ingest said nothing in time. Throws
 * InvalidInputError before anything is uploaded, and the signal's reason when that aborts; jobs go on then.
 */
export const runSubmit = async (
  files: readonly string[],
  options: SubmitOptions,
  context: CommandContext,
  again: SubmittedAgain | null = null,
): Promise<number> => {
  const { environment, stdout, stderr, signal, openServices } = context
  const deployment = readDeployment(['inputBucket', 'outputBucket'], options, environment)
  const retryQueues =
    options.retryFailed === true
      ? readDeployment(['jobsQueueUrl', 'deadLetterQueueUrl'], options, environment)
      : null
  const limitMs = parseDuration('--report-timeout', options.reportTimeout) * 1000
  const intervalMs = parseInterval(options.interval)
  await using services = await openServices()
  const { clock } = services
  await using made = createDisposalStack()
  const scratchDir = await mkdtemp(path.join(tmpdir(), 'svd-submit-'))
  made.defer(() => rm(scratchDir, { recursive: true }))
  const submission = await plan(files, options, { again, now: clock.now(), scratchDir, stderr })
  const inputs = services.openBucket(deployment.inputBucket)
  const outputs = services.openBucket(deployment.outputBucket)
  const startedAt = clock.now()
  const requests = await send(submission, { inputs, outputs, limitMs }, options, services, context)
  const exitCodes: number[] = []
  const uploads = { keys: new Set(requests.map(({ request }) => request.upload.key)), since: startedAt }
  const before = await findJobsBefore(outputs, acceptedJobs(requests), uploads, signal)
  const said = { retries: retryQueues !== null, quiet: options.quiet === true }
  stderr.write(jobsBeforeText(before, said))
  if (retryQueues !== null && before.failed.length > 0) {
    const jobs = services.openQueue(retryQueues.jobsQueueUrl)
    const deadLetters = services.openQueue(retryQueues.deadLetterQueueUrl)
    const retried = await retryFailed({ outputs, clock, jobs, deadLetters }, before.failed, signal)
    stderr.write(retriedText(retried))
    if (retried.left.length > 0) exitCodes.push(EXIT_FAILURE)
  }
  if (requests.some(({ report }) => report === null)) exitCodes.push(EXIT_FAILURE)
  if (requests.some(({ report }) => report !== null && report.state !== 'accepted'))
    exitCodes.push(EXIT_INVALID_INPUT)
  let statuses: readonly JobStatus[] = []
  let fetched: ReadonlyMap<string, readonly string[]> = new Map()
  if (options.wait === true || options.download !== undefined) {
    const jobIds = acceptedJobs(requests).map(({ job_id }) => job_id)
    const quiet = options.quiet === true || (options.json === true && stderr.isTTY !== true)
    const display = displayFor({ stdout, stderr }, { quiet, clock })
    using queues = followQueues(options, services, context)
    const { readQueueDepths } = queues
    statuses = await watchJobs(outputs, jobIds, { clock, intervalMs, readQueueDepths, display }, signal)
    if (!allSucceeded(statuses)) exitCodes.push(EXIT_FAILURE)
    if (!options.json && statuses.length > 0) stdout.write(`${jobTable(statuses, clock.now())}\n`)
    if (!options.json) stdout.write(endLine(statuses))
    if (options.download !== undefined) {
      const quietly = { stdout, signal, quiet: options.json === true }
      fetched = await fetchVideos(outputs, statuses, options.download, quietly)
    }
  }
  if (options.json) {
    const byId = new Map(statuses.map((status) => [status.jobId, status]))
    const report = submissionAsJson({ requests, statuses: byId, files: fetched, before })
    stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  }
  return worstOf(exitCodes)
}
