import { faultOf, type InputFault } from '../../shared/contracts/input-fault.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import type { JobImage, JobMessage } from '../../shared/contracts/job-message.ts'
import { isForManifest } from '../../shared/contracts/manifest-image.ts'
import { NO_ITEM } from '../../shared/manifest/fault-list.ts'
import { ObjectChangedError } from '../../shared/ports/object-store.ts'
import { type EnteredJobs, openEnteredJobs } from './entered-jobs.ts'
import { giveUpJobs } from './give-up-jobs.ts'
import type { FoundUpload, IngestDeps, IngestOutcome } from './ingest-deps.ts'
import { acceptedJob, makeJobs } from './make-jobs.ts'
import { provideImage } from './provide-image.ts'
import { assertNoneWithdrawn, type QueuedJobs, queueJobs } from './queue-jobs.ts'
import { readRequest } from './read-request.ts'
import { settleSuperseded } from './settle-superseded.ts'
import { withdrawCancels } from './withdraw-cancel.ts'
import { writeImageReport } from './write-image-report.ts'
import { makeReport } from './write-report.ts'

interface Prepared {
  /** `null` if there is a fault. */
  readonly image: JobImage | null
  readonly faults: readonly InputFault[]
}

const prepare = async (deps: IngestDeps, { info, signal }: FoundUpload): Promise<Prepared> => {
  try {
    return { image: await provideImage(deps, info, 'image', signal), faults: [] }
  } catch (error) {
    if (error instanceof InvalidInputError) return { image: null, faults: [faultOf(error)] }
    throw error
  }
}

interface SentBefore {
  /** Ids of jobs that the report names, and that the one before had superseded. */
  readonly namedAgain: ReadonlySet<string>
  /** Ids of jobs whose message this run has sent. */
  readonly sent: ReadonlySet<string>
  readonly entered: EnteredJobs
}

/**
 * Checks jobs once more whose marker another run may have created before the report named them. A message that this run
 * has sent is not sent twice.
 */
const queueNamedAgain = async (
  deps: IngestDeps,
  jobs: readonly JobMessage[],
  { namedAgain, sent, entered }: SentBefore,
  signal: AbortSignal,
): Promise<Pick<QueuedJobs, 'withdrawn' | 'sent'>> => {
  const again = jobs.filter(({ job_id }) => namedAgain.has(job_id))
  const others = again.filter(({ job_id }) => !sent.has(job_id))
  const sentIds = again.map(({ job_id }) => job_id).filter((jobId) => sent.has(jobId))
  const queued = await queueJobs(deps, others, entered, signal)
  const withdrawn = await withdrawCancels(deps.output, sentIds, signal)
  return { withdrawn: [...queued.withdrawn, ...withdrawn], sent: queued.sent }
}

/**
 * An uploaded image, as it is now. Throws `ObjectChangedError`, and where store or queue fail or the event has to come
 * again: see settle-superseded.ts.
 */
export const ingestImage = async (deps: IngestDeps, upload: FoundUpload): Promise<IngestOutcome> => {
  const { key, metadata } = upload.info
  if (isForManifest(metadata)) return { type: 'skipped', key, reason: 'for-manifest' }
  const request = await readRequest(deps, upload)
  // Looked at even if nothing can come of it, so that all that is wrong is told at once.
  const { image, faults } = await prepare(deps, upload)
  const rejected = [{ location: NO_ITEM, faults: [...request.faults, ...faults] }]
  const { clips, group } = request
  const jobs: readonly JobMessage[] =
    image === null ? [] : makeJobs({ image, clips, group, kind: 'image', location: NO_ITEM }, upload, deps)
  const entered = openEnteredJobs(deps.output, key, upload.signal)
  const queued = await queueJobs(deps, jobs, entered, upload.signal)
  const accepted = jobs.map((job) => acceptedJob(job, queued.doneBefore, deps))
  const contexts = request.context === null ? [] : [{ item: null, context: request.context }]
  const made = makeReport(upload, accepted, rejected, deps, contexts)
  const written = await writeImageReport(deps, upload, made).catch(async (error: unknown) => {
    if (error instanceof ObjectChangedError) await giveUpJobs(deps, upload, queued.made, request)
    throw error
  })
  const again = await queueNamedAgain(
    deps,
    jobs,
    { namedAgain: written.namedAgain, sent: queued.sent, entered },
    upload.signal,
  )
  const report = await settleSuperseded(deps, upload, written, request)
  assertNoneWithdrawn(key, [...queued.withdrawn, ...again.withdrawn])
  return { type: 'reported', report, queued: queued.sent.size + again.sent.size }
}
