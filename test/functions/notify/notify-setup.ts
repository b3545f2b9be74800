import type { NotifyDeps, NotifyLogEvent } from '../../../functions/notify/notify-deps.ts'
import { notifyEvent } from '../../../functions/notify/notify-event.ts'
import { resultKey } from '../../../shared/contracts/bucket-layout.ts'
import { jobMessageSchema } from '../../../shared/contracts/job-message.ts'
import { type PipelineEvent, pipelineEventSchema } from '../../../shared/contracts/pipeline-event.ts'
import type { ResultRecord } from '../../../shared/contracts/result-record.ts'
import { aPng } from '../../fixtures/images.ts'
import { aResult } from '../../fixtures/job-records.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { type IngestSetupOptions, ingestSetup, s3Event, sqsEvent } from '../ingest/ingest-setup.ts'

export const IMAGE = 'images/a.png'
export const MANIFEST = 'manifests/m.json'
const PNG = await aPng()

/** A setup of ingest, whose results and reports are announced to `published`. */
export const notifySetup = (options: IngestSetupOptions = {}) => {
  const setup = ingestSetup(options)
  const published: PipelineEvent[] = []
  const told: NotifyLogEvent[] = []
  const deps: NotifyDeps = {
    output: setup.output,
    async publish(events) {
      for (const event of events) published.push(pipelineEventSchema.parse(event))
    },
    onEvent: (event) => told.push(event),
  }
  const eventOf = (key: string) => s3Event({ bucket: 'output', key })

  return {
    ...setup,
    ...{ deps, published, told, eventOf },
    /** Delivers the event of an object that was written. */
    notify: (key: string) => notifyEvent(sqsEvent(eventOf(key)), deps, unaborted),
    putImage: (key = IMAGE) => setup.put(key, PNG),
    uploadImage: (metadata: Readonly<Record<string, string>> = {}) => setup.upload(IMAGE, PNG, { metadata }),
    uploadManifest: (items: readonly object[], header: object = {}, key = MANIFEST) =>
      setup.upload(key, JSON.stringify({ ...header, items })),
    /** Ids of jobs in the order in which they were queued. */
    jobIds: () => setup.jobs().map(({ job_id }) => job_id),
    /** Writes the result of a queued job, as a worker does. */
    end: async (jobId: string, change: Partial<ResultRecord> = {}) => {
      const message = setup.queue.messages().find(({ body }) => body.includes(`"job_id":"${jobId}"`))
      if (message === undefined) throw new Error(`${jobId} was never queued`)
      const job = jobMessageSchema.parse(JSON.parse(message.body))
      const record = { ...aResult({ job, device_seconds: 55, cost_usd: 0.012 }), ...change }
      const body = new TextEncoder().encode(JSON.stringify(record))
      await setup.output.put(resultKey(jobId), body, { contentType: 'application/json' }, unaborted)
      return resultKey(jobId)
    },
    /** Takes a result away, as `svd redrive` does. */
    bringBack: (jobId: string) => setup.output.delete(resultKey(jobId), unaborted),
  }
}

export type NotifySetup = ReturnType<typeof notifySetup>
