import type { IngestReport } from '../../../shared/contracts/ingest-report.ts'
import type { JobStatus } from '../tracking/job-status.ts'

/** A request as far as the names of its files need it: an uploaded image, or an item of a manifest, and one of its jobs. */
export interface ClipRequest {
  readonly jobId: string
  /** Key of the upload in the input bucket. */
  readonly uploadKey: string
  /** Key of the image as the upload names it. Another image may have the same pixels and the same job. */
  readonly imageKey: string
  /** Position of the item in its manifest, from 1; `null` for an uploaded image. */
  readonly item: number | null
  /** Id that the manifest gives the item; `null` if it gives none. */
  readonly itemId: string | null
}

/** Requests of uploads, in the order of their items. One job may have several. */
export const requestsOfReports = (
  reports: readonly Pick<IngestReport, 'key' | 'jobs'>[],
): readonly ClipRequest[] =>
  reports.flatMap(({ key, jobs }) =>
    jobs.map(({ job_id, image, item, item_id }) => ({
      ...{ jobId: job_id, uploadKey: key, imageKey: image },
      ...{ item, itemId: item_id },
    })),
  )

/** The request from which a job came, for jobs that are selected without an upload. */
export const requestOfJob = ({
  jobId,
  image,
  origin,
}: Pick<JobStatus, 'jobId' | 'image' | 'origin'>): ClipRequest => ({
  ...{ jobId, uploadKey: origin.key, imageKey: image.source_key },
  ...{ item: origin.item, itemId: origin.item_id },
})

/** A request as messages call it. */
export const requestText = ({ uploadKey, item }: Pick<ClipRequest, 'uploadKey' | 'item'>): string =>
  item === null ? uploadKey : `item ${item} of ${uploadKey}`
