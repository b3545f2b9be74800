import { ingestEvent } from '../../../functions/ingest/ingest-event.ts'
import { reportKey } from '../../../shared/contracts/bucket-layout.ts'
import type { IngestReport } from '../../../shared/contracts/ingest-report.ts'
import type { ModelRecord } from '../../../shared/contracts/model-record.ts'
import { DEFAULT_WORK_LIMITS } from '../../../shared/contracts/work-limits.ts'
import type { Pipeline } from '../../fixtures/rights/a-pipeline.ts'
import { storedJson } from '../../fixtures/stored-json.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { s3Event } from '../../functions/ingest/ingest-setup.ts'

/** Ingests uploads one after the other, with all rights. Returns the ids of their jobs, each once. */
export const ingestAll = async (
  { input, output, jobs }: Pipeline,
  model: ModelRecord,
  keys: readonly string[],
): Promise<readonly string[]> => {
  const deps = {
    ...{ input, output, jobs, model },
    defaultSize: 'auto' as const,
    limits: DEFAULT_WORK_LIMITS,
    ...{ now: () => new Date(), newTraceId: () => 'trace', onEvent: () => {} },
  }
  const jobIds = new Set<string>()
  for (const key of keys) {
    await ingestEvent(s3Event({ bucket: input.bucket, key }), deps, unaborted)
    const report = (await storedJson(output, reportKey(key))) as IngestReport
    for (const { job_id } of report.jobs) jobIds.add(job_id)
  }
  return [...jobIds]
}
