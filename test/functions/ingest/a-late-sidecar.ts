import { cancelKey, failureKey, resultKey, statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { requesterOf } from '../../../shared/contracts/cancel-marker.ts'
import type { JobMessage } from '../../../shared/contracts/job-message.ts'
import type { ResultRecord } from '../../../shared/contracts/result-record.ts'
import type { JobState } from '../../../shared/contracts/status-record.ts'
import { aPng } from '../../fixtures/images.ts'
import { aResult, aStatus } from '../../fixtures/job-records.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { type IngestSetupOptions, ingestSetup } from './ingest-setup.ts'

export const IMAGE = 'images/a.png'
export const SIDECAR = 'images/a.json'
export const MANIFEST = 'manifests/m.json'
/** Asks for other clips than the image alone. */
export const OTHER = '{"parameters": {"fps": 12}}'
/** Orders the job that the image alone makes. */
export const NAMES_IMAGE = '{"items": [{"image": "images/a.png"}]}'

const JSON_TYPE = { contentType: 'application/json' }
const encode = (document: object): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(JSON.stringify(document))

/** A setup with an image that can be uploaded, and with what workers and people do to its jobs. */
export const aLateSidecar = async (options: IngestSetupOptions = {}) => {
  const setup = ingestSetup(options)
  const { output } = setup
  const image = await setup.put(IMAGE, await aPng())
  const write = (key: string, document: object) => output.put(key, encode(document), JSON_TYPE, unaborted)
  const setState = async (job: JobMessage, state: JobState): Promise<void> => {
    await write(statusKey(job.job_id), aStatus({ job, state }))
  }
  return {
    ...setup,
    image,
    setState,
    /** Writes result and status, as a worker does when a job ends. */
    async end(job: JobMessage, state: ResultRecord['state']) {
      await write(resultKey(job.job_id), aResult({ job, state }))
      await setState(job, state)
    },
    /** Writes a cancel marker as `svd cancel` of an earlier version does. */
    cancelByPerson: ({ job_id }: JobMessage) => write(cancelKey(job_id), { version: 1, job_id }),
    cancelByIngest: ({ job_id }: JobMessage) =>
      write(cancelKey(job_id), {
        version: 1,
        job_id,
        requested_by: 'ingest',
        requested_at: '2026-01-02T03:04:05.000Z',
      }),
    /** Requester of the job's cancel marker; `null` if there is no marker. */
    async stoppedBy(jobId: string): Promise<'person' | 'ingest' | null> {
      const marker = await output.read(cancelKey(jobId), { maxBytes: 1e6 }, unaborted)
      return marker === null ? null : requesterOf(marker.bytes)
    },
    hasResult: (jobId: string) => output.keys().includes(resultKey(jobId)),
    hasArchivedResult: (jobId: string) => output.keys().includes(failureKey(jobId, 1)),
    /** Ids of the jobs in the sent messages, in the order sent. */
    sent: () => setup.jobs().map(({ job_id }) => job_id),
    superseded: async () => (await setup.report(IMAGE))?.superseded,
  }
}
