import { type BootTimes, drawSeconds } from './boot-times.ts'
import type { Random } from './random.ts'
import { openWorker, type Worker } from './worker.ts'

/** An instance, from its launch to its end. */
export interface SimulatedMachine {
  readonly id: number
  readonly launchedAt: number
  readonly runningAt: number
  /** When tasks and jobs can be placed on it. */
  readonly registersAt: number
  readonly workers: Set<Worker>
  /** Since when it has no worker. */
  emptySince: number
  /** When image and model are on its disk; null: nobody fetches them yet. */
  warmAt: number | null
  /** When Spot will take it: not known to anybody. */
  readonly reclaimAt: number
  /** `null` until Spot reclaims the machine. */
  reclaimedAt: number | null
  /** `null` while the machine runs. */
  endedAt: number | null
  /** Workers that have run on it, for the figures. */
  readonly past: Worker[]
}

export interface Machines {
  launch(now: number): SimulatedMachine
  end(machine: SimulatedMachine, now: number): void
  startWorker(machine: SimulatedMachine, now: number): Worker
  endWorker(machine: SimulatedMachine, worker: Worker, now: number): void
  /** Launched and not ended. */
  readonly running: Set<SimulatedMachine>
  readonly all: readonly SimulatedMachine[]
}

/** `reclaimsPerHour`: of each machine. */
export const openMachines = (times: BootTimes, reclaimsPerHour: number, random: Random): Machines => {
  const lifeSeconds = (): number =>
    reclaimsPerHour === 0 ? Number.POSITIVE_INFINITY : (-Math.log(1 - random()) * 3600) / reclaimsPerHour

  const all: SimulatedMachine[] = []
  const running = new Set<SimulatedMachine>()
  return {
    launch(now) {
      const runningAt = now + drawSeconds(times.pendingSeconds, random)
      const registersAt = runningAt + drawSeconds(times.registerSeconds, random)
      const machine: SimulatedMachine = {
        ...{ id: all.length, launchedAt: now, runningAt, registersAt, workers: new Set(), past: [] },
        ...{
          emptySince: registersAt,
          warmAt: null,
          reclaimAt: runningAt + lifeSeconds(),
          reclaimedAt: null,
          endedAt: null,
        },
      }
      all.push(machine)
      running.add(machine)
      return machine
    },
    end(machine, now) {
      machine.endedAt = now
      running.delete(machine)
    },
    startWorker(machine, now) {
      const cold = machine.warmAt === null
      const from = Math.max(now, machine.warmAt ?? now)
      const worker = openWorker(from + drawSeconds(cold ? times.coldSeconds : times.warmSeconds, random))
      machine.workers.add(worker)
      machine.past.push(worker)
      machine.warmAt ??= worker.readyAt
      return worker
    },
    endWorker(machine, worker, now) {
      machine.workers.delete(worker)
      if (machine.workers.size === 0) machine.emptySince = now
    },
    running,
    all,
  }
}

export const isRegistered = (machine: SimulatedMachine, now: number): boolean =>
  machine.reclaimedAt === null && now >= machine.registersAt

export const freeSlots = (machine: SimulatedMachine, gpus: number): number => gpus - machine.workers.size

/** Machine on which a worker can be started; `undefined` if there is none. */
export const findPlace = ({ running }: Machines, gpus: number, now: number): SimulatedMachine | undefined =>
  [...running].find((machine) => isRegistered(machine, now) && freeSlots(machine, gpus) > 0)

/** Those that have not been told to go. */
export const activeWorkers = ({
  running,
}: Machines): readonly { readonly machine: SimulatedMachine; readonly worker: Worker }[] =>
  [...running].flatMap((machine) =>
    [...machine.workers].filter(({ endsAt }) => endsAt === null).map((worker) => ({ machine, worker })),
  )
