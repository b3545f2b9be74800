import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { IngestFault } from '../../shared/contracts/ingest-report.ts'
import { parseRenderArguments } from '../../shared/contracts/render-arguments.ts'
import type { ResultRecord } from '../../shared/contracts/result-record.ts'
import { createDisposalStack } from '../../shared/disposal-stack.ts'
import { openAwsServices } from '../aws/aws-services.ts'
import { type DeploymentOptions, readDeployment } from '../aws/deployment.ts'
import { readQueueDepths } from '../aws/queue-depths.ts'
import { assertImagesReadable } from '../client/convert/input-images.ts'
import { downloadVideos } from '../client/download/download-videos.ts'
import { planSubmission } from '../client/submit/plan-submission.ts'
import { assertReportsReadable, awaitReports, sendSubmission } from '../client/submit/send-submission.ts'
import { followJobs } from '../client/tracking/follow-jobs.ts'
import type { JobStatus } from '../client/tracking/job-status.ts'
import { readJobStatuses } from '../client/tracking/read-job-statuses.ts'
import { withApiNames, withApiNamesNow } from './api-names.ts'
import type { ClipArguments } from './arguments.ts'

/*
 * `import { openClient } from 'svd-batch/client'`: jobs of a deployed pipeline, or of `svd local`.
 */

/** Buckets and queues of the pipeline; default: the variables that `svd local` and the stack print, such as `SVD_INPUT_BUCKET`. */
export type ClientOptions = Pick<
  DeploymentOptions,
  'inputBucket' | 'outputBucket' | 'jobsQueueUrl' | 'deadLetterQueueUrl'
>

export interface SubmitFilesOptions {
  /** For the images among the files; a manifest has its own. */
  readonly arguments?: ClipArguments
  /** Folder in the input bucket, under `images/` and `manifests/`; default: a new one. */
  readonly prefix?: string
  /** Folder with the images that manifests name; default: they are in the bucket. */
  readonly imagesDir?: string
  /** Time limit for the report of ingest, in milliseconds; default 120,000. */
  readonly reportTimeoutMs?: number
  readonly signal?: AbortSignal
}

export interface SubmittedFile {
  readonly file: string
  /** `no-report`: ingest has not reported in time. Its jobs may come later. */
  readonly state: 'accepted' | 'partly' | 'rejected' | 'no-report'
  readonly jobIds: readonly string[]
  readonly faults: readonly IngestFault[]
}

export interface WaitOptions {
  /** Called with all jobs, again and again until they have ended. */
  readonly onStatus?: (jobs: readonly JobStatus[]) => void
  /** Default 2,000. */
  readonly intervalMs?: number
  readonly signal?: AbortSignal
}

export interface Client extends AsyncDisposable {
  /** Uploads images and manifests, and waits until ingest has made jobs of them. */
  submit(files: readonly string[], options?: SubmitFilesOptions): Promise<readonly SubmittedFile[]>
  /** Waits until all jobs have succeeded, failed or were cancelled or lost. */
  wait(jobIds: readonly string[], options?: WaitOptions): Promise<readonly JobStatus[]>
  /** A job without a record is left out. */
  status(jobIds: readonly string[], signal?: AbortSignal): Promise<readonly JobStatus[]>
  /** The records of the jobs that have ended, `result.json` of each. */
  results(jobIds: readonly string[], signal?: AbortSignal): Promise<readonly ResultRecord[]>
  /** Downloads the videos of a result into a folder, and compares their SHA-256. Returns the files. */
  download(result: ResultRecord, folder: string, signal?: AbortSignal): Promise<readonly string[]>
}

const REPORT_TIMEOUT_MS = 120_000
const REPORT_INTERVAL_MS = 500
const WAIT_INTERVAL_MS = 2_000

const never = (): AbortSignal => AbortSignal.any([])

/**
 * Opens a client. Region, credentials and endpoint come from the standard AWS environment.
 *
 *     import { openClient } from 'svd-batch/client'
 *
 *     const client = openClient({ inputBucket: 'my-input', outputBucket: 'my-output' })
 *     const submitted = await client.submit(['photo.jpg'], { arguments: { motion_bucket_id: 90 } })
 *     const jobIds = submitted.flatMap((file) => file.jobIds)
 *     await client.wait(jobIds)
 *     for (const result of await client.results(jobIds)) await client.download(result, 'videos')
 *     await client[Symbol.asyncDispose]()
 */
export const openClient = (options: ClientOptions = {}): Client => {
  const environment = process.env
  const deployment = withApiNamesNow(() =>
    readDeployment(['inputBucket', 'outputBucket'], options, environment),
  )
  const services = openAwsServices()
  const { clock } = services
  const inputs = services.openBucket(deployment.inputBucket)
  const outputs = services.openBucket(deployment.outputBucket)
  const status: Client['status'] = (jobIds, signal = never()) => readJobStatuses(outputs, jobIds, signal)
  return {
    status,
    async submit(files, { prefix = randomUUID(), imagesDir, signal = never(), ...more } = {}) {
      const given = parseRenderArguments({ ...more.arguments })
      await assertImagesReadable(files)
      await using made = createDisposalStack()
      const scratchDir = await mkdtemp(path.join(tmpdir(), 'svd-submit-'))
      made.defer(() => rm(scratchDir, { recursive: true }))
      const request = { files, given, prefix, imagesDir: imagesDir ?? null }
      const submission = await withApiNames(() => planSubmission(request, { scratchDir, onScaled() {} }))
      await assertReportsReadable(outputs, submission, signal)
      const sent = await sendSubmission(inputs, submission, () => {}, signal)
      const reported = new Map<string, SubmittedFile>()
      const waits = {
        clock,
        intervalMs: REPORT_INTERVAL_MS,
        limitMs: more.reportTimeoutMs ?? REPORT_TIMEOUT_MS,
      }
      await awaitReports(
        outputs,
        sent,
        {
          ...waits,
          onReport({ upload }, { state, jobs, faults }) {
            const jobIds = [...new Set(jobs.map(({ job_id }) => job_id))]
            reported.set(upload.key, { file: upload.name, state, jobIds, faults })
          },
        },
        signal,
      )
      return sent.map(
        ({ upload }) =>
          reported.get(upload.key) ?? { file: upload.name, state: 'no-report', jobIds: [], faults: [] },
      )
    },
    async wait(jobIds, { onStatus = () => {}, intervalMs = WAIT_INTERVAL_MS, signal = never() } = {}) {
      let last: readonly JobStatus[] = []
      const following = {
        ...{ clock, intervalMs },
        readQueueDepths: () => readQueueDepths(options, services, { environment, signal }),
      }
      for await (const statuses of followJobs(outputs, jobIds, following, signal)) {
        last = statuses
        onStatus(statuses)
      }
      return last
    },
    async results(jobIds, signal) {
      return (await status(jobIds, signal)).flatMap(({ result }) => result ?? [])
    },
    download: (result, folder, signal = never()) => downloadVideos(outputs, result, folder, signal),
    [Symbol.asyncDispose]: services[Symbol.asyncDispose],
  }
}
