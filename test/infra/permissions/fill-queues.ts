import { readFile } from 'node:fs/promises'
import { ingestEvent } from '../../../functions/ingest/ingest-event.ts'
import {
  cancelKey,
  jobFolder,
  reportKey,
  resultKey,
  statusKey,
} from '../../../shared/contracts/bucket-layout.ts'
import type { IngestReport } from '../../../shared/contracts/ingest-report.ts'
import type { SpentAttempt, StatusRecord } from '../../../shared/contracts/status-record.ts'
import { DEFAULT_WORK_LIMITS } from '../../../shared/contracts/work-limits.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { aPng } from '../../fixtures/images.ts'
import { aResult, aStatus } from '../../fixtures/job-records.ts'
import type { Pipeline } from '../../fixtures/rights/a-pipeline.ts'
import { storedJson } from '../../fixtures/stored-json.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { s3Event } from '../../functions/ingest/ingest-setup.ts'
import { demoRecord } from '../../worker/models/a-pushed-model.ts'

const PHOTO = new URL('../../../worker/demo-samples/rocket.png', import.meta.url)
/** A second or two of rendering. */
const SMALL = {
  'svd-width': '64',
  'svd-height': '64',
  'svd-num-frames': '2',
  'svd-num-inference-steps': '10',
}

const send = (queue: Pipeline['jobs'], ...bodies: readonly unknown[]) =>
  queue.send(
    bodies.map((body) => ({
      body: typeof body === 'string' ? body : JSON.stringify(body),
      groupId: 'images',
    })),
    unaborted,
  )

/** An image on its way, as ingest leaves it. Returns the id of its job. */
const drop = async (pipeline: Pipeline, name: string, image: Uint8Array): Promise<string> => {
  const { input, output, jobs, put } = pipeline
  const key = `images/${name}.png`
  await put(input, key, image, SMALL)
  const setup = {
    ...{ input, output, jobs, model: await demoRecord() },
    defaultSize: 'auto' as const,
    limits: DEFAULT_WORK_LIMITS,
    ...{ now: () => new Date(), newTraceId: () => 'trace', onEvent: () => {} },
  }
  await ingestEvent(s3Event({ bucket: input.bucket, key }), setup, unaborted)
  const report = (await storedJson(output, reportKey(key))) as IngestReport
  return report.jobs[0]!.job_id
}

/** A job under which as many workers vanished as may. */
const sendHopeless = async ({ jobs, output, put }: Pipeline): Promise<string> => {
  const job = aJobMessage({ sourceKey: 'images/hopeless.png' })
  await send(jobs, job)
  const attempts = Array.from({ length: 5 }, (_, index) => ({
    ...{ id: `${index}`, worker_id: 'worker-0', reason: null },
    alive_until: '2026-01-01T00:00:00.000Z',
  }))
  const status = aStatus({ job, state: 'rendering', attempts })
  await put(output, statusKey(job.job_id), Buffer.from(JSON.stringify(status)))
  return job.job_id
}

/** Sends a dead-letter message of a job that succeeded after all. */
const sendObsolete = async ({ deadLetters, output, put }: Pipeline): Promise<string> => {
  const job = aJobMessage({ sourceKey: 'images/obsolete.png' })
  await send(deadLetters, job)
  const result = aResult({ job, state: 'cancelled', outputs: [] })
  await put(output, resultKey(job.job_id), Buffer.from(JSON.stringify(result)))
  return job.job_id
}

/** An image of noise, which no clip of this checkpoint shows. Another worker has rejected its clip before. */
const uploadUnlike = async (pipeline: Pipeline): Promise<string> => {
  const { output, put } = pipeline
  const jobId = await drop(pipeline, 'unlike', await aPng({ width: 64, height: 64, seed: 3 }))
  const status = (await storedJson(output, statusKey(jobId))) as StatusRecord
  const attempt: SpentAttempt = {
    ...{ id: '0001-1111', worker_id: 'worker-0', reason: 'likeness', failed_checks: true },
    alive_until: '2026-01-01T00:00:00.000Z',
  }
  await put(output, statusKey(jobId), Buffer.from(JSON.stringify({ ...status, attempts: [attempt] })))
  return jobId
}

/** All that can become of a job, and of what is none. Returns what each has to end as. */
export const fillQueues = async (pipeline: Pipeline): Promise<Readonly<Record<string, string>>> => {
  const { output, jobs, deadLetters, put } = pipeline
  const hopeless = await sendHopeless(pipeline)
  const obsolete = await sendObsolete(pipeline)
  const done = await drop(pipeline, 'rocket', await readFile(PHOTO))
  const earlier = `${jobFolder(done)}video.poster.png`
  await put(output, earlier, Buffer.from('of a worker before attempts had folders'), {
    sha256: '0'.repeat(64),
  })
  const cancelled = await drop(pipeline, 'cancelled', await aPng({ seed: 1 }))
  await put(output, cancelKey(cancelled), {})
  const lost = await drop(pipeline, 'lost', await aPng({ seed: 2 }))
  const { image } = (await storedJson(output, statusKey(lost))) as StatusRecord
  await output.delete(image.key, unaborted)
  const unlike = await uploadUnlike(pipeline)
  const unrecorded = aJobMessage({ sourceKey: 'images/unrecorded.png' })
  await send(deadLetters, unrecorded, 'no job')
  await send(jobs, aJobMessage({ sourceKey: 'images/of another model.png' }), 'no job')
  return {
    [done]: 'succeeded',
    [cancelled]: 'cancelled',
    [lost]: 'invalid-input',
    [unlike]: 'quality',
    [hopeless]: 'exhausted',
    [obsolete]: 'cancelled',
    [unrecorded.job_id]: 'exhausted',
  }
}
