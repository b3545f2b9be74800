import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createDisposalStack } from '../../../shared/disposal-stack.ts'
import { readDeployment } from '../../aws/deployment.ts'
import { findJobsBefore } from '../../client/submit/jobs-before.ts'
import type { Submission } from '../../client/submit/plan-submission.ts'
import type { CommandContext } from '../command-context.ts'
import { InterruptedError, worstOf } from '../exit-code.ts'
import { parseDuration } from '../terminal/duration.ts'
import { comeBackNote } from './come-back.ts'
import { jobsBeforeText } from './jobs-before-text.ts'
import type { PlanDeps } from './plan-uploads.ts'
import { readRetryQueues, retryFailed } from './retry-failed.ts'
import { exitCodeOfReport, sendUploads, uploadFaultLines } from './send-uploads.ts'
import type { SubmitOptions } from './submit-options.ts'
import { acceptedJobs, submissionAsJson } from './submit-report.ts'
import { awaitJobs, checkDownload, isWaiting, NOT_WAITED } from './submit-wait.ts'
import { parseInterval } from './watch.ts'

/** No two submits share a folder, and folders are in the order of time. */
const newPrefix = (now: Date): string =>
  `${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`

/**
 * Submits what `plan` returns, for commands that upload images: uploads it, prints ingest's reports and the jobs that were
 * known before, brings failed ones back with `--retry-failed`, and waits for the jobs if the options say so.
 *
 * Returns the exit code: 2 if ingest rejected something, 1 if a job failed or ingest did not report in time. Throws
 * InvalidInputError before anything is uploaded, and the signal's reason when that aborts; jobs go on then.
 */
export const runSubmission = async (
  plan: (deps: PlanDeps) => Promise<Submission>,
  options: SubmitOptions,
  context: CommandContext,
): Promise<number> => {
  const { environment, stdout, stderr, signal, openServices } = context
  const deployment = readDeployment(['inputBucket', 'outputBucket'], options, environment)
  const retryQueues = readRetryQueues(options, environment)
  const limitMs = parseDuration('--report-timeout', options.reportTimeout) * 1000
  const intervalMs = parseInterval(options.interval)
  await using services = await openServices()
  const { clock } = services
  const prefix = options.prefix ?? newPrefix(clock.now())
  await using made = createDisposalStack()
  const scratchDir = await mkdtemp(path.join(tmpdir(), 'svd-submit-'))
  made.defer(() => rm(scratchDir, { recursive: true }))
  const submission = await plan({ prefix, scratchDir, stderr })
  await checkDownload(options, submission)
  const inputs = services.openBucket(deployment.inputBucket)
  const outputs = services.openBucket(deployment.outputBucket)
  const since = clock.now()
  let isUploaded = false
  try {
    const requests = await sendUploads(submission, { inputs, outputs, limitMs }, options, services, context)
    isUploaded = true
    const exitCodes = requests.map(({ report }) => exitCodeOfReport(report))
    const uploads = { keys: new Set(requests.map(({ request }) => request.upload.key)), since }
    const before = await findJobsBefore(outputs, acceptedJobs(requests), uploads, signal)
    stderr.write(
      jobsBeforeText(before, { retries: retryQueues !== null, quiet: options.quiet === true, options }),
    )
    if (retryQueues !== null)
      exitCodes.push(
        await retryFailed(before.failed, { outputs, services, queues: retryQueues }, options, context),
      )
    const uploadFaults = uploadFaultLines(requests, inputs.bucket, options)
    const waits = { outputs, intervalMs, services, uploadFaults }
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
