import type { NotifyDeps, NotifyLogEvent } from '../../../functions/notify/notify-deps.ts'
import { notifyEvent } from '../../../functions/notify/notify-event.ts'
import { resultKey } from '../../../shared/contracts/bucket-layout.ts'
import { jobMessageSchema } from '../../../shared/contracts/job-message.ts'
import { type PipelineEvent, pipelineEventSchema } from '../../../shared/contracts/pipeline-event.ts'
import type { ResultRecord } from '../../../shared/contracts/result-record.ts'
import { aResult } from '../../fixtures/job-records.ts'
import { aPng } from '../../fixtures/pictures.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { aWorld, s3Event, sqsEvent, type WorldOptions } from '../ingest/a-world.ts'

export const IMAGE = 'images/a.png'
export const MANIFEST = 'manifests/m.json'
const PNG = await aPng()

/** A world of ingest, whose results and reports are announced to `published`. */
export const aNotifiedWorld = (options: WorldOptions = {}) => {
  const world = aWorld(options)
  const published: PipelineEvent[] = []
  const told: NotifyLogEvent[] = []
  const deps: NotifyDeps = {
    output: world.output,
    async publish(events) {
      for (const event of events) published.push(pipelineEventSchema.parse(event))
    },
    onEvent: (event) => told.push(event),
  }
  const eventOf = (key: string) => s3Event({ bucket: 'output', key })

  return {
    ...world,
    ...{ deps, published, told, eventOf },
    /** Delivers the event of an object that was written. */
    notify: (key: string) => notifyEvent(sqsEvent(eventOf(key)), deps, unaborted),
    putImage: (key = IMAGE) => world.put(key, PNG),
    dropImage: (metadata: Readonly<Record<string, string>> = {}) => world.drop(IMAGE, PNG, { metadata }),
    dropManifest: (items: readonly object[], header: object = {}, key = MANIFEST) =>
      world.drop(key, JSON.stringify({ ...header, items })),
    /** Ids of jobs in the order in which they were queued. */
    jobIds: () => world.jobs().map(({ job_id }) => job_id),
    /** Writes the result of a queued job, as a worker does. */
    end: async (jobId: string, change: Partial<ResultRecord> = {}) => {
      const message = world.queue.messages().find(({ body }) => body.includes(`"job_id":"${jobId}"`))
      if (message === undefined) throw new Error(`${jobId} was never queued`)
      const job = jobMessageSchema.parse(JSON.parse(message.body))
      const record = { ...aResult({ job, device_seconds: 55, cost_usd: 0.012 }), ...change }
      const body = new TextEncoder().encode(JSON.stringify(record))
      await world.output.put(resultKey(jobId), body, { contentType: 'application/json' }, unaborted)
      return resultKey(jobId)
    },
    /** Takes a result away, as `svd redrive` does. */
    bringBack: (jobId: string) => world.output.delete(resultKey(jobId), unaborted),
  }
}

export type NotifiedWorld = ReturnType<typeof aNotifiedWorld>
