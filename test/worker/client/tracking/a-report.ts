import { type IngestReport, ingestReportSchema } from '../../../../shared/contracts/ingest-report.ts'

/** The report of an upload with one fault, as ingest writes it. */
export const aRejectedReport = (key: string, changes: Partial<IngestReport> = {}): IngestReport =>
  ingestReportSchema.parse({
    ...{ version: 1, bucket: 'in', key, version_id: null, etag: '"e"', sequencer: null },
    ...{
      state: 'rejected',
      jobs: [],
      superseded: [],
      more_faults: 0,
      reported_at: '2026-11-24T12:00:00.000Z',
    },
    faults: [{ item: null, line: null, item_id: null, field: 'image', message: 'is no image; upload a PNG' }],
    ...changes,
  } satisfies IngestReport)
