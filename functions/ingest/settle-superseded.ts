import { cancelKey, reportKey, resultKey } from '../../shared/contracts/bucket-layout.ts'
import { encodeCancelMarker } from '../../shared/contracts/cancel-marker.ts'
import {
  type IngestReport,
  ingestReportSchema,
  type SupersededJob,
} from '../../shared/contracts/ingest-report.ts'
import { RECORD_OPTIONS } from '../../shared/contracts/record-bytes.ts'
import { resultRecordSchema } from '../../shared/contracts/result-record.ts'
import { inLanes } from '../../shared/in-lanes.ts'
import { readRecord } from '../../shared/records/read-record.ts'
import { REQUESTS_AT_ONCE } from '../object-events.ts'
import { changeReport } from './change-report.ts'
import { openEnteredJobs } from './entered-jobs.ts'
import type { FoundUpload, IngestDeps } from './ingest-deps.ts'
import { isOrderedElsewhere } from './job-orders.ts'
import { assertNoneWithdrawn, queueJobs } from './queue-jobs.ts'
import { assertStillAsked, type ImageRequest } from './read-request.ts'
import { pendingJobs, withOutcomes } from './superseded-jobs.ts'
import { readRequester, withdrawCancel } from './withdraw-cancel.ts'
import type { WrittenImageReport } from './write-image-report.ts'

/*
 * What becomes of jobs that an image's report superseded. The report lists them as pending before anything is done, so
 * that a run that dies is completed when its event comes again.
 *
 *   this run                                       a run that orders the same job
 *   1  write the report, jobs pending
 *   2  is the request still what was read?         a  record the order, if the job exists
 *   3  is there a result?              ──▶ done    b  is there a marker of ingest's? delete it, come again
 *   4  check the orders: is one left?  ──▶ kept    c  write the report
 *   5  create cancel/ID.json                       d  did the report before supersede the job? b again
 *   6  check orders and own report once more: is
 *      the job ordered? delete the marker, come
 *      again
 *   7  write what was decided into the report      ──▶ cancelled
 *
 * Step 2 stops a run that read the image before its sidecar came, and wrote its report after the sidecar's run. Steps
 * 5 and 6 against a and b: whichever run writes second sees what the other wrote. Step d does the same for the report of
 * this very image. To come again is to throw, because a worker that saw the marker records the job as cancelled a
 * little later; the next run finds that result and queues the job once more.
 *
 * Remaining races that render a clip too many, or report one as cancelled that is rendered:
 *   - The order of an upload that gave the job up counts while it is young, unless a later report is there: see
 *     job-orders.ts.
 *   - Both image and sidecar are overwritten, the sidecar's run renders the old image, and ends before it wrote a report.
 *   - A run that read the image before its sidecar came takes the marker away in step b, and dies before step 2.
 *   - A worker creates its result just before the marker is there.
 *
 * Remaining races that cancel a job that an upload orders. The next order of the job has it rendered:
 *   - Two runs on another upload overlap, and the later one alone orders the job. The report of the earlier one comes
 *     between that order and steps 4 to 6.
 *   - A worker stands still between its check for the marker and its record for longer than the event takes to come
 *     again.
 */

/** `withdrawn`: it goes on, and a worker may be stopping it just now. */
type Verdict = Exclude<SupersededJob['outcome'], 'pending'> | 'withdrawn'

/**
 * A job that another upload orders goes on, though it was about to be cancelled or is cancelled already. What a person
 * cancelled stays so.
 */
const keep = async (
  deps: IngestDeps,
  jobId: string,
  { signal }: FoundUpload,
): Promise<'kept' | 'cancelled' | 'withdrawn'> => {
  const { output } = deps
  const result = await readRecord(output, resultKey(jobId), resultRecordSchema, signal)
  if (result?.record?.state === 'cancelled') {
    if ((await readRequester(output, jobId, signal)) === 'person') return 'cancelled'
    const { job } = result.record
    const entered = openEnteredJobs(output, job.origin.key, signal)
    const { withdrawn } = await queueJobs(deps, [job], entered, signal)
    return withdrawn.length > 0 ? 'withdrawn' : 'kept'
  }
  const requester = await withdrawCancel(output, jobId, signal)
  if (requester === null) return 'kept'
  return requester === 'person' ? 'cancelled' : 'withdrawn'
}

/** Steps 3 and 4. `stop`: it has no result, and no other upload orders it. */
const judge = async (deps: IngestDeps, jobId: string, upload: FoundUpload): Promise<Verdict | 'stop'> => {
  const { info, signal } = upload
  const result = await readRecord(deps.output, resultKey(jobId), resultRecordSchema, signal)
  if (result !== null && result.record?.state !== 'cancelled') return 'done'
  if (await isOrderedElsewhere(deps, jobId, info.key, signal)) return await keep(deps, jobId, upload)
  return result === null ? 'stop' : 'cancelled'
}

/** Step 6, for a job whose marker is there. */
const confirm = async (
  deps: IngestDeps,
  jobId: string,
  named: ReadonlySet<string>,
  upload: FoundUpload,
): Promise<Verdict> => {
  const isOrdered =
    named.has(jobId) || (await isOrderedElsewhere(deps, jobId, upload.info.key, upload.signal))
  return isOrdered ? await keep(deps, jobId, upload) : 'cancelled'
}

const cancel = async ({ output, now }: IngestDeps, jobId: string, { signal }: FoundUpload): Promise<void> => {
  const marker = encodeCancelMarker(jobId, 'ingest', now())
  // A marker that is there stays: it may be a person's.
  await output.create(cancelKey(jobId), marker, RECORD_OPTIONS, signal)
}

const jobsOfReport = async (
  { output }: IngestDeps,
  { info, signal }: FoundUpload,
): Promise<ReadonlySet<string>> => {
  const report = await readRecord(output, reportKey(info.key), ingestReportSchema, signal)
  return new Set(report?.record?.jobs.map(({ job_id }) => job_id))
}

const writeOutcomes = async (
  { output }: IngestDeps,
  { info, signal }: FoundUpload,
  verdicts: ReadonlyMap<string, Verdict>,
): Promise<IngestReport> => {
  const outcomeOf = (jobId: string): SupersededJob['outcome'] => {
    const verdict = verdicts.get(jobId)
    return verdict === undefined || verdict === 'withdrawn' ? 'pending' : verdict
  }
  const change = (report: IngestReport): IngestReport => withOutcomes(report, outcomeOf)
  const settled = await changeReport(output, info.key, change, signal)
  if (settled === null) throw new Error(`${reportKey(info.key)}: is not there any more`)
  return settled
}

/**
 * Cancels the jobs that an image's report has superseded and that no other upload orders. Returns the report with what
 * was decided. Throws where store or queue fail, and where the event has to come again: see above.
 *
 * `asked` is the request that the report was made of.
 */
export const settleSuperseded = async (
  deps: IngestDeps,
  upload: FoundUpload,
  { report, isRevision }: Pick<WrittenImageReport, 'report' | 'isRevision'>,
  asked: ImageRequest,
): Promise<IngestReport> => {
  const pending = pendingJobs(report)
  if (isRevision || pending.length > 0) await assertStillAsked(deps, upload, asked)
  if (pending.length === 0) return report
  const verdicts = new Map<string, Verdict>()
  const stopped: string[] = []
  await inLanes(pending, REQUESTS_AT_ONCE, async (jobId) => {
    const verdict = await judge(deps, jobId, upload)
    if (verdict !== 'stop') return void verdicts.set(jobId, verdict)
    await cancel(deps, jobId, upload)
    stopped.push(jobId)
  })
  const named = stopped.length === 0 ? new Set<string>() : await jobsOfReport(deps, upload)
  await inLanes(stopped, REQUESTS_AT_ONCE, async (jobId) => {
    verdicts.set(jobId, await confirm(deps, jobId, named, upload))
  })
  const settled = await writeOutcomes(deps, upload, verdicts)
  assertNoneWithdrawn(
    upload.info.key,
    pending.filter((jobId) => verdicts.get(jobId) === 'withdrawn'),
  )
  return settled
}
