import { resultKey } from '../../shared/contracts/bucket-layout.ts'
import type { AcceptedJob, IngestReport, SupersededJob } from '../../shared/contracts/ingest-report.ts'
import { safeText } from '../../shared/contracts/shown-value.ts'
import type { SentDrop } from '../submit/send-submission.ts'
import type { JobStanding } from '../tracking/job-standing.ts'
import { jobAsJson, videoKeys } from './job-report.ts'

/** What a submission has come to so far. */
export interface SubmissionState {
  /** Null: ingest has said nothing of it yet. */
  readonly drops: readonly { readonly drop: SentDrop; readonly report: IngestReport | null }[]
  /** By job; empty if they were not waited for. */
  readonly standings: ReadonlyMap<string, JobStanding>
  /** By job, of those that were fetched. */
  readonly files: ReadonlyMap<string, readonly string[]>
}

/** Each once: several items may ask for the same clip. */
export const acceptedJobs = (drops: SubmissionState['drops']): readonly AcceptedJob[] => [
  ...new Map(drops.flatMap(({ report }) => report?.jobs ?? []).map((job) => [job.job_id, job])).values(),
]

/** The object that `--json` prints. Its keys are a contract. */
export const submissionAsJson = ({ drops, standings, files }: SubmissionState) => ({
  drops: drops.map(({ drop, report }) => ({ file: drop.upload.name, key: drop.upload.key, report })),
  jobs: acceptedJobs(drops).map(({ job_id, image, done_before }) => {
    const standing = standings.get(job_id)
    return {
      job_id,
      image,
      /** Empty until the job's result names them, and where it was not waited for. */
      videos: standing === undefined ? [] : videoKeys(standing),
      done_before,
      /** As svd status prints it; null: not waited for. */
      job: standing === undefined ? null : jobAsJson(standing),
      files: files.get(job_id) ?? [],
    }
  }),
})

/** A line for each job: its id, where its result is or will be, its image. */
export const acceptedLines = (bucket: string, { jobs }: IngestReport): string =>
  jobs
    .map(({ job_id, image, done_before }) => {
      const before = done_before ? '  (done before)' : ''
      return `${job_id}  s3://${bucket}/${resultKey(job_id)}  ${safeText(image)}${before}\n`
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

/** Faults of an upload, a line each. `name`: its file or key. */
export const faultLines = (name: string, { faults, more_faults }: IngestReport): string => {
  const lines = faults.map(({ line, field, message }) => {
    const place = line === null ? '' : `line ${line}, `
    return `error: ${safeText(`${name}: ${place}${field}`)}: ${message}\n`
  })
  return lines.join('') + (more_faults > 0 ? `error: ${safeText(name)}: ${more_faults} more faults\n` : '')
}
