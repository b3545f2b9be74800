import type { JobMessage } from '../../../../shared/contracts/job-message.ts'
import type { MessageQueue } from '../../../../shared/ports/message-queue.ts'
import type { ObjectStore } from '../../../../shared/ports/object-store.ts'
import { type Drain, openDrain } from '../../../../worker/queue/drain.ts'
import { runWorker } from '../../../../worker/queue/run-worker.ts'
import type { WorkerLogEvent } from '../../../../worker/telemetry/worker-event.ts'
import type { MemoryMessageQueue } from '../../../fixtures/memory-message-queue.ts'
import type { VirtualTime } from '../../../fixtures/virtual-time.ts'
import type { AttemptsWatch } from './attempts-watch.ts'
import { type Deliveries, openDeliveries } from './deliveries.ts'
import { type CallFaults, openFaultyCall } from './faulty-call.ts'
import { type Incarnation, openIncarnation } from './incarnation.ts'
import { watchJobsTakenOn } from './jobs-taken-on.ts'
import type { SeededRandom } from './seeded-random.ts'
import { openSimulatedDisk } from './simulated-disk.ts'
import { type JobKind, type RendererFaults, simulateRenderer } from './simulated-renderer.ts'
import { queueOverNetwork, storeOverNetwork } from './worker-ports.ts'

/** A queue with its checks, and the queue in memory behind it. */
export interface SimulatedQueue {
  readonly port: MessageQueue
  readonly memory: MemoryMessageQueue
}

export interface MachineOptions {
  readonly name: string
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly store: ObjectStore
  readonly jobs: SimulatedQueue
  readonly deadLetters: SimulatedQueue
  readonly maxAttempts: number
  readonly lease: { readonly visibilitySeconds: number; readonly beatSeconds: number }
  readonly hasOtherModel: () => boolean
  /** Notes the failures that end attempts, to check which attempts count. */
  readonly attempts: AttemptsWatch
  readonly recordOf: (jobId: string) => number | null
  readonly kindOf: (job: JobMessage) => JobKind
  readonly faults: {
    readonly store: () => CallFaults
    readonly queue: () => CallFaults
    readonly renderer: () => RendererFaults
    readonly isDiskFull: () => boolean
  }
  readonly epochMs: () => number
  readonly trace: (line: string) => void
  readonly violate: (what: string) => void
  readonly onEvent: (event: WorkerLogEvent) => void
}

export interface SimulatedMachine {
  /** Kills the worker's process. Another one starts after a while. */
  crash(why: string): void
  drain(reason: string, secondsLeft: number | null): void
  freeze(ms: number): void
  /** Prevents further starts of a worker. */
  retire(): void
  isEmpty(): boolean
}

const RESTART_MS = 60_000

interface Life {
  readonly incarnation: Incarnation
  readonly drain: Drain
}

/** A machine that starts a worker, and another one whenever a worker crashes or ends. */
export const startMachine = (options: MachineOptions): SimulatedMachine => {
  const { name, time, random, store, jobs, deadLetters, faults, epochMs, violate } = options
  const { lease, attempts } = options
  const disk = openSimulatedDisk(faults.isDiskFull)
  let life: Life | null = null
  let lives = 0
  let retired = false

  const over = (crashed: boolean): void => {
    if (life !== null) attempts.ended(life.incarnation.name, crashed)
    life?.incarnation.die()
    life = null
    if (!retired) time.after(random.between(1_000, RESTART_MS), start)
  }

  /** Checks that a worker which ended by itself left no message leased. */
  const checkLetGo = ({ memory }: SimulatedQueue, deliveries: Deliveries): void => {
    for (const [receiptHandle, last] of deliveries.lastWords(epochMs())) {
      const inFlight = memory
        .messages()
        .find((message) => message.receiptHandle === receiptHandle && message.visibleAtMs > epochMs())
      if (inFlight !== undefined && (last === null || last === lease.visibilitySeconds))
        violate(`${name} ended and never let go of ${receiptHandle}`)
    }
  }

  const start = (): void => {
    if (retired || life !== null) return
    const incarnation = openIncarnation(`${name}.${++lives}`, time)
    const { clock } = incarnation
    const drain = openDrain(clock)
    const born: Life = { incarnation, drain }
    life = born
    attempts.began(incarnation)
    const trace = (line: string): void => options.trace(`${incarnation.name} ${line}`)
    const crash = (why: string): void => {
      trace(`dies ${why}`)
      if (life === born) over(true)
    }
    const network = { incarnation, random, crash, trace }
    const storeCall = openFaultyCall({ ...network, faults: faults.store })
    const queueCall = openFaultyCall({ ...network, faults: faults.queue })
    const takenOn = watchJobsTakenOn(options.recordOf)
    const ofJobs = openDeliveries()
    const ofDeadLetters = openDeliveries()
    const overQueue = (as: string, { port, memory }: SimulatedQueue, deliveries: Deliveries): MessageQueue =>
      queueOverNetwork({
        name: as,
        queue: port,
        memory,
        call: queueCall,
        incarnation,
        deliveries,
        epochMs,
        violate,
      })
    const running = runWorker(
      {
        store: storeOverNetwork({
          store,
          call: storeCall,
          disk,
          onPublish(jobId) {
            if (![ofJobs, ofDeadLetters].some((deliveries) => deliveries.holds(jobId, epochMs())))
              violate(`${incarnation.name} published ${jobId}, which it had lost`)
          },
        }),
        jobs: overQueue('jobs', jobs, ofJobs),
        deadLetters: overQueue('dead', deadLetters, ofDeadLetters),
        clock,
        random: random.next,
        worker: {
          id: incarnation.name,
          version: '0.1.0',
          executionProvider: 'cpu',
          device: 'a processor',
          precision: 'fp32',
          usdPerHour: 1,
        },
        maxAttempts: options.maxAttempts,
        prepareJob: simulateRenderer({
          incarnation,
          random,
          disk,
          kindOf: options.kindOf,
          faults: faults.renderer,
          crash,
          hasOtherModel: options.hasOtherModel,
          onFailure: attempts.failed,
          onClip: (jobId, passed) => attempts.checked(incarnation.name, jobId, passed),
          onRender(jobId) {
            if (takenOn.wasDone(jobId)) violate(`${incarnation.name} renders ${jobId}, which was done`)
          },
          violate: (what) => violate(`${incarnation.name}: ${what}`),
        }),
        scratch: disk.openScratchFolders(incarnation),
        drain,
        onEvent(event) {
          takenOn.note(event)
          if (event.type === 'job-abandoned' && event.leaseLost) ofJobs.lost(event.jobId)
          if (event.type !== 'job-progress') trace(`• ${JSON.stringify({ ...event, result: undefined })}`)
          options.onEvent(event)
        },
      },
      {
        lease: { ...lease, marginSeconds: 60 },
        waitSeconds: 20,
        untilIdleSeconds: null,
        maxJobs: null,
        maxSeconds: null,
        maxFailingJobs: Number.POSITIVE_INFINITY,
        statusIntervalMs: 2_000,
        cancelIntervalMs: 2_000,
        deadLetterIntervalSeconds: 60,
      },
    )
    running.then(
      () => {
        if (life !== born) return violate(`${incarnation.name} ended after it was dead`)
        if (disk.folders().length > 0) violate(`${name} left a folder behind`)
        checkLetGo(jobs, ofJobs)
        checkLetGo(deadLetters, ofDeadLetters)
        over(false)
      },
      (error: unknown) =>
        violate(`${incarnation.name} failed: ${error instanceof Error ? error.stack : error}`),
    )
  }

  start()
  return {
    crash(why) {
      if (life === null) return
      options.trace(`${life.incarnation.name} dies ${why}`)
      over(true)
    },
    drain: (reason, secondsLeft) => life?.drain.notify({ reason, secondsLeft }),
    freeze: (ms) => life?.incarnation.freeze(ms),
    retire() {
      retired = true
    },
    isEmpty: () => life === null,
  }
}
