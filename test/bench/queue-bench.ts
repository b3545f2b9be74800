import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ingestEvent } from '../../functions/ingest/ingest-event.ts'
import { DEFAULT_WORK_LIMITS } from '../../shared/contracts/work-limits.ts'
import { openAwsServices } from '../../worker/aws/aws-services.ts'
import { plainTable } from '../../worker/cli/terminal/plain-table.ts'
import { fetchImage } from '../../worker/jobs/fetch-image.ts'
import type { LocalFile, PrepareJob } from '../../worker/jobs/job-stages.ts'
import { openScratchFolders } from '../../worker/jobs/scratch-folders.ts'
import { startEmbeddedEndpoint } from '../../worker/local/embedded-endpoint.ts'
import { objectCreatedEvent } from '../../worker/local/s3-event.ts'
import { openDrain } from '../../worker/queue/drain.ts'
import { LEASE_OPTIONS } from '../../worker/queue/hold-lease.ts'
import { runWorker } from '../../worker/queue/run-worker.ts'
import { WORKER_OPTIONS } from '../../worker/queue/worker-deps.ts'
import type { WorkerLogEvent } from '../../worker/telemetry/worker-event.ts'
import { aModelRecord } from '../fixtures/model-record.ts'
import { QUALITY } from '../worker/jobs/quality/a-quality.ts'
import { conditionsText, readConditions } from './conditions.ts'

/*
 * The cost of the queue side for a job: the embedded endpoint over HTTP, the ingest handler and the worker's loop, all
 * in this process, with a renderer and an encoder that take no time. Images are fetched and files stored for real.
 */

const PHOTO = fileURLToPath(new URL('../../worker/demo-samples/rocket.png', import.meta.url))
const BATCH_JOBS = 300
const SINGLE_JOBS = 50
const SLOW_JOBS = 40
/** Shorter than any clip takes, and long enough to prepare the next job and publish the last. */
const SLOW_RENDER_MS = 200
const IMAGE_KEY = 'images/rocket.png'
const never = new AbortController().signal

const HOW_TO_READ = `"idle" is from one render's end to the next one's start, with jobs in the queue. "received to published" is from the
message to the result record, one job at a time. The endpoint runs in the same process and takes its share of both.`

const share = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN

const milliseconds = (value: number): string => `${value.toFixed(1)} ms`

const row = (name: string, values: readonly number[]) => {
  const sorted = values.toSorted((a, b) => a - b)
  return { name, median: share(sorted, 0.5), most: share(sorted, 0.95), max: sorted.at(-1) ?? Number.NaN }
}

const instantFile = async (file: string, content: string): Promise<LocalFile> => {
  await writeFile(file, content)
  const sha256 = createHash('sha256').update(content).digest('hex')
  return { path: file, sizeBytes: Buffer.byteLength(content), sha256 }
}

const run = async (): Promise<void> => {
  const conditions = await readConditions()
  await using endpoint = await startEmbeddedEndpoint(0)
  await using services = openAwsServices(endpoint.clientConfig)
  const { clock, openBucket, openQueue } = services
  const { inputBucket, outputBucket, jobsQueueUrl } = endpoint.deployment
  const [input, output, jobs] = [openBucket(inputBucket), openBucket(outputBucket), openQueue(jobsQueueUrl)]
  const setup = {
    ...{ input, output, jobs, model: aModelRecord() },
    defaultSize: 'model' as const,
    limits: DEFAULT_WORK_LIMITS,
    ...{ now: clock.now, newTraceId: () => 'bench', onEvent: () => {} },
  }
  const scratchDir = await mkdtemp(path.join(tmpdir(), 'svd-queue-bench-'))
  let place = 0

  const ingest = async (key: string, bytes: Uint8Array, contentType: string): Promise<void> => {
    const etag = await input.put(key, bytes, { contentType }, never)
    const object = { key, sizeBytes: bytes.length, etag, lastModified: clock.now() }
    const event = objectCreatedEvent(input.bucket, object, { at: clock.now(), place: ++place })
    await ingestEvent(event, setup, never)
  }
  const ingestManifest = async (name: string, seeds: readonly number[]): Promise<void> => {
    const manifest = { items: [{ image: IMAGE_KEY }], grid: { seed: seeds } }
    await ingest(`manifests/${name}.json`, Buffer.from(JSON.stringify(manifest)), 'application/json')
  }
  const prepareFor =
    (renderMs: number): PrepareJob =>
    async (job, folder, signal) => {
      await fetchImage(output, job.image, signal)
      return {
        async render(_, context) {
          if (renderMs > 0) await clock.sleep(renderMs, context.signal)
          return {
            decodeChunk: 1,
            decodeFallbacks: 0,
            seconds: { load: 0, encodeImage: 0, denoise: 0, decode: 0 },
            async finish() {
              const video = await instantFile(path.join(folder, 'video.mp4'), job.job_id)
              const poster = await instantFile(path.join(folder, 'poster.png'), job.job_id)
              return {
                videos: [
                  { video, poster, files: [{ format: 'mp4', ...video }], frames: 14, quality: QUALITY },
                ],
                seconds: { encodeVideo: 0, check: 0 },
              }
            },
          }
        },
      }
    }
  const work = async (
    maxJobs: number,
    onEvent: (event: WorkerLogEvent) => void,
    renderMs = 0,
  ): Promise<number> => {
    const startedMs = clock.elapsedMs()
    const owner = { host: 'bench', processId: process.pid, isRunning: () => true }
    await using scratch = await openScratchFolders(scratchDir, owner)
    const end = await runWorker(
      {
        ...{ store: output, jobs, deadLetters: null, clock, random: Math.random, maxAttempts: 5, scratch },
        worker: {
          id: 'bench',
          version: '0',
          executionProvider: 'none',
          device: 'none',
          precision: 'fp32',
          usdPerHour: null,
        },
        prepareJob: prepareFor(renderMs),
        drain: openDrain(clock),
        onEvent,
      },
      { ...WORKER_OPTIONS, lease: LEASE_OPTIONS, maxJobs, untilIdleSeconds: 60 },
    )
    if (end.jobs !== maxJobs) throw new Error(`the worker did ${end.jobs} of ${maxJobs} jobs: ${end.reason}`)
    return (clock.elapsedMs() - startedMs) / 1000
  }

  try {
    await ingest(IMAGE_KEY, await readFile(PHOTO), 'image/png')
    await work(1, () => {})

    const seeds = Array.from({ length: BATCH_JOBS }, (_, i) => i + 1)
    const ingestStartedMs = clock.elapsedMs()
    await ingestManifest('batch', seeds)
    const ingestSeconds = (clock.elapsedMs() - ingestStartedMs) / 1000
    const noteIdle =
      (gaps: number[]) =>
      (event: WorkerLogEvent): void => {
        if (event.type === 'device-idle' && event.gapMs !== null) gaps.push(event.gapMs)
      }
    const idleMs: number[] = []
    const batchSeconds = await work(BATCH_JOBS, noteIdle(idleMs))
    const slowIdleMs: number[] = []
    await ingestManifest(
      'slow',
      Array.from({ length: SLOW_JOBS }, (_, i) => 2_000_000 + i),
    )
    await work(SLOW_JOBS, noteIdle(slowIdleMs), SLOW_RENDER_MS)

    const singleMs: number[] = []
    for (let i = 0; i < SINGLE_JOBS; i++) {
      await ingestManifest(`single-${i}`, [1_000_000 + i])
      let receivedMs = Number.NaN
      await work(1, ({ type }) => {
        if (type === 'job-received') receivedMs = clock.elapsedMs()
        if (type === 'job-done') singleMs.push(clock.elapsedMs() - receivedMs)
      })
    }

    process.stdout.write(`${conditionsText(conditions)}\n\n`)
    process.stdout.write(
      `ingest    ${BATCH_JOBS} jobs of one manifest: ${(BATCH_JOBS / ingestSeconds).toFixed(0)} jobs/s\n` +
        `worker    ${BATCH_JOBS} jobs: ${(BATCH_JOBS / batchSeconds).toFixed(0)} jobs/s\n\n`,
    )
    const table = plainTable(
      [
        { head: '', text: ({ name }) => name },
        { head: 'median', align: 'right', text: ({ median }) => milliseconds(median) },
        { head: '95 %', align: 'right', text: ({ most }) => milliseconds(most) },
        { head: 'most', align: 'right', text: ({ max }) => milliseconds(max) },
      ],
      [
        row('device idle, renders of 0 ms', idleMs),
        row(`device idle, renders of ${SLOW_RENDER_MS} ms`, slowIdleMs),
        row('received to published', singleMs),
      ],
    )
    process.stdout.write(`${table}\n\n${HOW_TO_READ}\n`)
  } finally {
    await rm(scratchDir, { recursive: true, force: true })
  }
}

await run()
