import { resultKey } from '../../../shared/contracts/bucket-layout.ts'
import type { AcceptedJob, IngestReport, SupersededJob } from '../../../shared/contracts/ingest-report.ts'
import { safeText } from '../../../shared/contracts/shown-value.ts'
import type { JobsBefore } from '../../client/submit/jobs-before.ts'
import type { SentRequest } from '../../client/submit/send-submission.ts'
import type { JobStatus } from '../../client/tracking/job-status.ts'
import type { missingAsJson } from './download-report.ts'
import { jobAsJson, videoKeys } from './job-report.ts'

/** State of a submission so far. */
export interface SubmissionState {
  /** Uploads with ingest's reports; `report` is `null` if ingest has not reported yet. */
  readonly requests: readonly { readonly request: SentRequest; readonly report: IngestReport | null }[]
  /** Statuses by job id; empty if the command did not wait for the jobs. */
  readonly statuses: ReadonlyMap<string, JobStatus>
  /** Paths of the downloaded files, by job id. */
  readonly files: ReadonlyMap<string, readonly string[]>
  /** Clips that are not in the folder of `--download`, with the reason. */
  readonly missing: ReturnType<typeof missingAsJson>
  /** Jobs that were known before the uploads, as they were then. */
  readonly before: JobsBefore
}

/** Accepted jobs, each once, because several items may ask for the same clip. */
export const acceptedJobs = (requests: SubmissionState['requests']): readonly AcceptedJob[] => [
  ...new Map(requests.flatMap(({ report }) => report?.jobs ?? []).map((job) => [job.job_id, job])).values(),
]

/** The object that `--json` prints. Its keys are a contract. */
export const submissionAsJson = ({ requests, statuses, files, missing, before }: SubmissionState) => ({
  drops: requests.map(({ request, report }) => ({
    file: request.upload.name,
    key: request.upload.key,
    report,
  })),
  jobs: acceptedJobs(requests).map(({ job_id, image, done_before }) => {
    const status = statuses.get(job_id)
    return {
      job_id,
      image,
      /** Keys of the videos; empty until the job's result names them, and if the command did not wait for the job. */
      videos: status === undefined ? [] : videoKeys(status),
      done_before,
      /** The job as svd status prints it; `null` if the command did not wait for it. */
      job: status === undefined ? null : jobAsJson(status),
      files: files.get(job_id) ?? [],
    }
  }),
  /** Clips that are not in the folder, as `svd download --json` prints them; empty without `--download`. */
  missing,
  /** Jobs that were known before the uploads, as they were then. */
  known_before: {
    succeeded: before.succeeded,
    failed: before.failed.map(({ jobId, message, result }) => ({
      ...{ job_id: jobId, class: result?.failure?.class ?? null, reason: message },
    })),
    cancelled: before.cancelled.map(({ jobId }) => jobId),
    underway: before.underway.map(({ jobId, state }) => ({ job_id: jobId, state })),
  },
})

/** A line for each job: its id, where its result is or will be, its image, the size of its clip. */
export const acceptedLines = (bucket: string, { jobs }: IngestReport): string =>
  jobs
    .map(({ job_id, image, done_before, size }) => {
      const sides = size === undefined ? '' : `  ${size.width}x${size.height}`
      const before = done_before ? '  (ended before)' : ''
      return `${job_id}  s3://${bucket}/${resultKey(job_id)}  ${safeText(image)}${sides}${before}\n`
    })
    .join('')

const SUPERSEDED: Readonly<Record<SupersededJob['outcome'], string>> = {
  pending: 'ingest has not decided yet what becomes of it',
  cancelled: 'asked to stop',
  done: 'had ended before, and keeps its result',
  kept: 'goes on, because another upload orders it',
}

/** Jobs that a later upload of image or sidecar superseded: a line each. */
export const supersededLines = ({ superseded }: Pick<IngestReport, 'superseded'>): string =>
  superseded
    .map(({ job_id, outcome }) => `${job_id}  superseded by a later upload: ${SUPERSEDED[outcome]}\n`)
    .join('')

/** Warnings about clips of an upload, a line each however many clips have it. `name`: its file or key. */
export const warningLines = (name: string, { jobs }: Pick<IngestReport, 'jobs'>): string => {
  const told = jobs.flatMap(({ image, warnings = [] }) =>
    warnings.map(
      (warning) => `warning: ${safeText(name === image ? name : `${name}: ${image}`)}: ${warning}\n`,
    ),
  )
  return [...new Set(told)].join('')
}

/** Faults of an upload, a line each. `name`: its file or key. */
export const faultLines = (name: string, { faults, more_faults }: IngestReport): string => {
  const lines = faults.map(({ line, field, message }) => {
    const place = line === null ? '' : `line ${line}, `
    return `error: ${safeText(`${name}: ${place}${field}`)}: ${message}\n`
  })
  return lines.join('') + (more_faults > 0 ? `error: ${safeText(name)}: ${more_faults} more faults\n` : '')
}
