import { reportKey } from '../../shared/contracts/bucket-layout.ts'
import { ingestReportSchema } from '../../shared/contracts/ingest-report.ts'
import { once } from '../../shared/once.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { readRecord } from '../../shared/records/read-record.ts'

/** Returns ids of jobs that have an entry in the index for certain. */
export type EnteredJobs = () => Promise<ReadonlySet<string>>

/**
 * Jobs of an upload that have an entry in the index: its report names them, and a run of ingest writes the report after
 * it entered them. The report is read when this is first asked, so that a run of new jobs costs no request.
 */
export const openEnteredJobs = (output: ObjectStore, inputKey: string, signal: AbortSignal): EnteredJobs =>
  once(async () => {
    const report = await readRecord(output, reportKey(inputKey), ingestReportSchema, signal)
    const { jobs, superseded } = report?.record ?? { jobs: [], superseded: [] }
    return new Set([...jobs, ...superseded].map(({ job_id }) => job_id))
  })
