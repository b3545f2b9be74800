import { resultKey, statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { type JobMessage, MAX_JOB_RECEIVES } from '../../../shared/contracts/job-message.ts'
import type { ParametersDocument } from '../../../shared/contracts/parameters-document.ts'
import type { MessageQueue } from '../../../shared/ports/message-queue.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import type { StepSpeed } from '../../../worker/jobs/denoise-speed.ts'
import type { PrepareJob, RenderPath } from '../../../worker/jobs/job-stages.ts'
import { type Drain, openDrain } from '../../../worker/queue/drain.ts'
import { LEASE_OPTIONS } from '../../../worker/queue/hold-lease.ts'
import { runWorker, type WorkerEnd } from '../../../worker/queue/run-worker.ts'
import { WORKER_OPTIONS, type WorkerOptions } from '../../../worker/queue/worker-deps.ts'
import type { WorkerLogEvent } from '../../../worker/telemetry/worker-event.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import type { Faults } from '../../fixtures/faults.ts'
import { openMemoryMessageQueue, type QueueOperation } from '../../fixtures/memory-message-queue.ts'
import { openMemoryObjectStore, type StoreOperation } from '../../fixtures/memory-object-store.ts'
import { storedJson } from '../../fixtures/stored-json.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { dateAt, virtualClock } from '../../fixtures/virtual-clock.ts'
import { openVirtualTime } from '../../fixtures/virtual-time.ts'
import { WORKER } from '../jobs/closing-deps.ts'
import { QUALITY } from '../jobs/quality/a-quality.ts'
import { openSimulatedDisk } from './simulation/simulated-disk.ts'

export type StageName = 'prepare' | 'render' | 'finish'

export interface WorkerSetupOptions {
  /** Names of the images whose jobs are in the queue at the start. */
  readonly images?: readonly string[]
  /** Parameters of an image's job; default: those of `aJobMessage`. */
  readonly parametersOf?: (image: string) => Partial<ParametersDocument>
  /** Duration of each stage. A render reports progress a hundred times. */
  readonly seconds?: Partial<Record<StageName, number>>
  /** Called when a stage begins. The stage throws the error that it throws. */
  readonly onStage?: (stage: StageName, image: string, setup: WorkerSetup) => void
  /** Faults that the checks find. */
  readonly faultsOf?: (image: string, path: RenderPath) => readonly string[]
  /** Warnings of the checks. */
  readonly warningsOf?: (image: string, path: RenderPath) => readonly string[]
  readonly countedSpeed?: StepSpeed
  readonly storeFaults?: Faults<StoreOperation>
  readonly queueFaults?: Faults<QueueOperation>
  readonly maxAttempts?: number
  readonly maxReceives?: number
  /** Whether a receive waits for a message, as a long poll of SQS does. Default: it answers at once. */
  readonly longPolls?: boolean
  readonly options?: Partial<WorkerOptions>
}

/** The id of the job of an image. */
export const idOf = (image: string): string => aJobMessage({ sourceKey: `images/${image}.png` }).job_id

const SECONDS = { prepare: 1, render: 10, finish: 2 }
const STEPS = 100
const LOOK_MS = 100
const OVER_MS = 48 * 3_600_000

/** A worker with a queue, a dead-letter queue and a bucket, in virtual time. */
export const workerSetup = (given: WorkerSetupOptions = {}) => {
  const {
    images = [],
    onStage,
    faultsOf = () => [],
    parametersOf = () => ({}),
    warningsOf = () => [],
    storeFaults = {},
    queueFaults = {},
  } = given
  const { maxAttempts = 3, maxReceives = MAX_JOB_RECEIVES } = given
  const seconds = { ...SECONDS, ...given.seconds }
  const time = openVirtualTime()
  const clock = virtualClock(time)
  const now = (): number => dateAt(time.nowMs()).getTime()
  const disk = openSimulatedDisk(() => false)
  const memory = openMemoryObjectStore({ now, faults: storeFaults })
  const store: ObjectStore = {
    ...memory,
    create: (key, body, options, signal) =>
      memory.create(key, body instanceof Uint8Array ? body : disk.read(body.path), options, signal),
  }
  const deadLetters = openMemoryMessageQueue({ url: 'dead-letters', now })
  const jobs = openMemoryMessageQueue({
    url: 'jobs',
    now,
    redrive: { deadLetters, maxReceiveCount: maxReceives },
    faults: queueFaults,
  })
  const usualDrain = openDrain(clock)
  const events: WorkerLogEvent[] = []
  const stages: string[] = []
  const renderSignals: AbortSignal[] = []
  let clips = 0

  const begin = (stage: StageName, { image }: JobMessage): void => {
    const name = image.source_key.slice('images/'.length, -'.png'.length)
    stages.push(`${time.nowMs() / 1000} ${stage} ${name}`)
    onStage?.(stage, name, setup)
  }
  const prepareJob: PrepareJob = async (job, folder, signal) => {
    begin('prepare', job)
    await clock.sleep(seconds.prepare * 1000, signal)
    return {
      async render(path, { signal, onProgress }) {
        begin('render', job)
        renderSignals.push(signal)
        for (let step = 0; step <= STEPS; step++) {
          onProgress({ phase: 'denoise', step, steps: STEPS })
          if (step < STEPS) await clock.sleep((seconds.render * 1000) / STEPS, signal)
        }
        return {
          decodeChunk: 2,
          decodeFallbacks: 0,
          seconds: { load: 0, encodeImage: 0, denoise: seconds.render, decode: 0 },
          async finish(signal) {
            begin('finish', job)
            await clock.sleep(seconds.finish * 1000, signal)
            const clip = `clip ${clips++}`
            const image = job.image.source_key.slice(7, -4)
            const faults = [...faultsOf(image, path)]
            const warnings = [...warningsOf(image, path)]
            const video = disk.write(`${folder}/video.mp4`, `${clip} video`)
            return {
              videos: [
                {
                  video,
                  files: [{ format: 'mp4', ...video }],
                  poster: disk.write(`${folder}/video.poster.png`, `${clip} poster`),
                  frames: 14,
                  quality: { ...QUALITY, faults, warnings },
                },
              ],
              seconds: { encodeVideo: seconds.finish, check: 0 },
            }
          },
        }
      },
    }
  }

  const pollJobs: MessageQueue = {
    ...jobs,
    async receive(options, signal) {
      const untilMs = time.nowMs() + options.waitSeconds * 1000
      for (;;) {
        const messages = await jobs.receive(options, signal)
        if (messages.length > 0 || time.nowMs() >= untilMs) return messages
        await clock.sleep(Math.min(LOOK_MS, untilMs - time.nowMs()), signal)
      }
    },
  }

  /** Runs a worker until it ends. Each of several workers gets its own drain. */
  const run = async (drain: Drain = usualDrain): Promise<WorkerEnd> => {
    let end: WorkerEnd | undefined
    let failure: unknown
    runWorker(
      {
        store,
        jobs: given.longPolls ? pollJobs : jobs,
        deadLetters,
        clock,
        random: () => 0.5,
        worker: WORKER,
        maxAttempts,
        prepareJob,
        ...(given.countedSpeed !== undefined && { countedSpeed: given.countedSpeed }),
        scratch: disk.openScratchFolders({ isAlive: () => true }),
        drain,
        onEvent: (event) => events.push(event),
      },
      { ...WORKER_OPTIONS, lease: LEASE_OPTIONS, untilIdleSeconds: 5, ...given.options },
    ).then(
      (ended) => {
        end = ended
      },
      (error) => {
        failure = error
      },
    )
    await time.runUntil(() => end !== undefined || failure !== undefined, OVER_MS)
    if (end === undefined) throw failure
    return end
  }

  const jobOf = (image: string): JobMessage =>
    aJobMessage({ sourceKey: `images/${image}.png`, parameters: parametersOf(image) })

  const setup = {
    store: memory,
    jobs,
    deadLetters,
    disk,
    drain: usualDrain,
    clock,
    events,
    /** Stages that began, each with its second and its image, such as `12 render cat`. */
    stages,
    /** The signal of each render: its job's. */
    renderSignals,
    run,
    after: (afterSeconds: number, run: () => void) => void time.after(afterSeconds * 1000, run),
    send: (...more: readonly string[]) =>
      jobs.send(
        more.map((image) => ({
          body: JSON.stringify({ ...jobOf(image), submitted_at: dateAt(time.nowMs()).toISOString() }),
          groupId: 'images',
        })),
        unaborted,
      ),
    statusOf: (image: string) => storedJson(memory, statusKey(jobOf(image).job_id)),
    resultOf: (image: string) => storedJson(memory, resultKey(jobOf(image).job_id)),
    eventsOf: <Type extends WorkerLogEvent['type']>(type: Type) =>
      events.filter((event): event is Extract<WorkerLogEvent, { type: Type }> => event.type === type),
    /** Makes another consumer receive every message, so that this worker loses its leases. */
    loseLeases() {
      for (const message of jobs.messages()) Object.assign(message, { visibleAtMs: now() })
    },
    visible: () => jobs.messages().filter(({ visibleAtMs }) => visibleAtMs <= now()).length,
  }
  void setup.send(...images)
  return setup
}

export type WorkerSetup = ReturnType<typeof workerSetup>
