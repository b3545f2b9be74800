import { ingestEvent } from '../../../../functions/ingest/ingest-event.ts'
import { type JobMessage, jobMessageSchema } from '../../../../shared/contracts/job-message.ts'
import { DEFAULT_WORK_LIMITS } from '../../../../shared/contracts/work-limits.ts'
import { aModelRecord } from '../../../fixtures/model-record.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import { s3Event } from '../../../functions/ingest/ingest-setup.ts'
import { fakeServices } from '../fake-services.ts'

/** Services with the real ingest, which receives the S3 events of uploads while the command sleeps. */
export const withRealIngest = () => {
  const heard = new Set<string>()
  const services = fakeServices({
    async whileAsleep() {
      for (const { key, etag } of inputs.writes) {
        if (heard.has(key)) continue
        heard.add(key)
        await ingestEvent(s3Event({ bucket: 'in', key, etag }), setup, unaborted)
      }
    },
  })
  const { inputs, outputs, jobs } = services
  const setup = {
    ...{ input: inputs, output: outputs, jobs, model: aModelRecord() },
    defaultSize: 'model' as const,
    limits: DEFAULT_WORK_LIMITS,
    now: () => services.services.clock.now(),
    newTraceId: () => 'trace',
    onEvent: () => {},
  }
  const queued = (): readonly JobMessage[] =>
    jobs.messages().map(({ body }) => jobMessageSchema.parse(JSON.parse(body)))
  return { ...services, queued }
}
