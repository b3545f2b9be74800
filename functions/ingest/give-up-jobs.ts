import { changeReport } from './change-report.ts'
import type { FoundUpload, IngestDeps } from './ingest-deps.ts'
import type { ImageRequest } from './read-request.ts'
import { settleSuperseded } from './settle-superseded.ts'
import { withPending } from './superseded-jobs.ts'

/**
 * Cancels jobs that a sidecar's run has made of an image which is not the newest any more: the report that is there lists
 * them as superseded. Throws as `settleSuperseded` does. `asked` is the request that the jobs were made of.
 */
export const giveUpJobs = async (
  deps: IngestDeps,
  upload: FoundUpload,
  jobIds: ReadonlySet<string>,
  asked: ImageRequest,
): Promise<void> => {
  if (jobIds.size === 0) return
  const { info, signal } = upload
  const report = await changeReport(deps.output, info.key, (stored) => withPending(stored, jobIds), signal)
  if (report !== null) await settleSuperseded(deps, upload, { report, isRevision: false }, asked)
}
