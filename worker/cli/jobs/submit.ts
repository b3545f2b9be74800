import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { IngestReport } from '../../../shared/contracts/ingest-report.ts'
import { parseRenderArguments, type RenderArguments } from '../../../shared/contracts/render-arguments.ts'
import { createDisposalStack } from '../../../shared/disposal-stack.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { readDeployment } from '../../aws/deployment.ts'
import type { Services } from '../../aws/services.ts'
import { assertImagesReadable } from '../../client/convert/input-images.ts'
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
import { findUnusedSidecars } from '../../client/submit/unused-sidecars.ts'
import { readArguments, SAMPLING_OPTIONS, spellOption, VIDEO_OPTIONS } from '../argument-options.ts'
import type { CommandContext } from '../command-context.ts'
import { EXIT_DONE, EXIT_FAILURE, EXIT_INVALID_INPUT, InterruptedError, worstOf } from '../exit-code.ts'
import { expandInputs } from '../expand-inputs.ts'
import { chooseSeeds } from '../seed-options.ts'
import { parseDuration } from '../terminal/duration.ts'
import { counted } from '../terminal/short-text.ts'
import { comeBackNote } from './come-back.ts'
import { readContextOption } from './context-option.ts'
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
import { awaitJobs, checkDownload, isWaiting, NOT_WAITED } from './submit-wait.ts'
import { suggestedCommand } from './suggested-command.ts'
import { parseInterval } from './watch.ts'

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
  readonly prefix: string
  readonly scratchDir: string
  readonly stderr: CommandContext['stderr']
}

/** The submission of one image, which messages call so. */
const withName = ({ images, requests }: Submission, name: string): Submission => ({
  images,
  requests: requests.map(({ before, upload, ...others }) => ({
    ...others,
    before: before.map((sidecar) => ({ ...sidecar, name })),
    upload: { ...upload, name },
  })),
})

const sidecarNote = ([first, ...others]: readonly string[]): string => {
  if (first === undefined) return ''
  const more = others.length === 0 ? '' : ` and ${counted(others.length, 'more file')}`
  return (
    `warning: ${first}${more}: beside an image and not sent, because svd submit takes arguments from its options; ` +
    'for arguments of each image write a manifest (svd schema manifest), or upload both with an S3 client\n'
  )
}

const plan = async (
  inputs: readonly string[],
  asked: SubmitOptions,
  { again, prefix, scratchDir, stderr }: PlanDeps,
): Promise<Submission> => {
  const { options, seeds, note } = chooseSeeds(asked)
  const typed = readArguments({ ...options }, [...VIDEO_OPTIONS, ...SAMPLING_OPTIONS])
  const changes = parseRenderArguments(typed, spellOption)
  const given = again === null ? changes : changedArguments(again.job, changes, seeds)
  const files = await expandInputs(inputs)
  await assertImagesReadable(files)
  const { images } = options
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
  const request = { files, given, context, seeds, prefix, imagesDir: images ?? null }
  const submission = await planSubmission(request, { scratchDir, onScaled, onConverted })
  if (note !== null && options.quiet !== true) stderr.write(note)
  if (options.quiet !== true && again === null) stderr.write(sidecarNote(await findUnusedSidecars(files)))
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
      `error: ${upload.name}: no ingest report of s3://${inputs.bucket}/${upload.key} within ` +
        `${options.reportTimeout}; the upload is there, and ` +
        `${suggestedCommand(options, ['status', '--manifest', upload.key])} shows its jobs\n`,
    )
  }
  return sent.map((request) => ({ request, report: reports.get(request.upload.key) ?? null }))
}

const exitCodeOfReport = (report: IngestReport | null): number => {
  if (report === null) return EXIT_FAILURE
  return report.state === 'accepted' ? EXIT_DONE : EXIT_INVALID_INPUT
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
  const prefix = options.prefix ?? newPrefix(clock.now())
  await using made = createDisposalStack()
  const scratchDir = await mkdtemp(path.join(tmpdir(), 'svd-submit-'))
  made.defer(() => rm(scratchDir, { recursive: true }))
  const submission = await plan(files, options, { again, prefix, scratchDir, stderr })
  await checkDownload(options, submission)
  const inputs = services.openBucket(deployment.inputBucket)
  const outputs = services.openBucket(deployment.outputBucket)
  const startedAt = clock.now()
  let isUploaded = false
  try {
    const requests = await send(submission, { inputs, outputs, limitMs }, options, services, context)
    isUploaded = true
    const exitCodes = requests.map(({ report }) => exitCodeOfReport(report))
    const uploads = { keys: new Set(requests.map(({ request }) => request.upload.key)), since: startedAt }
    const before = await findJobsBefore(outputs, acceptedJobs(requests), uploads, signal)
    const said = { retries: retryQueues !== null, quiet: options.quiet === true, options }
    stderr.write(jobsBeforeText(before, said))
    if (retryQueues !== null && before.failed.length > 0) {
      const jobs = services.openQueue(retryQueues.jobsQueueUrl)
      const deadLetters = services.openQueue(retryQueues.deadLetterQueueUrl)
      const retried = await retryFailed({ outputs, clock, jobs, deadLetters }, before.failed, signal)
      stderr.write(retriedText(retried, options))
      if (retried.left.length > 0) exitCodes.push(EXIT_FAILURE)
    }
    const waits = { outputs, intervalMs, services }
    const waited = isWaiting(options) ? await awaitJobs(requests, waits, options, context) : NOT_WAITED
    if (options.json) {
      const report = submissionAsJson({ requests, ...waited, before })
      stdout.write(`${JSON.stringify(report, null, 2)}\n`)
    }
    return worstOf([...exitCodes, waited.exitCode])
  } catch (error) {
    const keys = submission.requests.map(({ upload }) => upload.key)
    if (isUploaded || error instanceof InterruptedError) stderr.write(comeBackNote(options, { prefix, keys }))
    throw error
  }
}
