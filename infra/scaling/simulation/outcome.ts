import type { FleetRun } from './run-fleet.ts'

export interface Outcome {
  readonly clips: number
  readonly done: number
  readonly doneTwice: number
  /** Deliveries that came to nothing: handed back, or lost with their machine. */
  readonly redelivered: number
  /** From the first arrival. */
  readonly firstClipSeconds: number
  readonly drainedSeconds: number
  readonly medianWaitSeconds: number
  readonly p95WaitSeconds: number
  readonly launches: number
  /** Machines that ended without having done a clip, and were not reclaimed. */
  readonly launchesForNothing: number
  readonly machineHours: number
  /** Machine hours that dispatch counted for its budget. */
  readonly countedHours: number
  /** Share of the GPU time of all machines that was used. */
  readonly usedShare: number
  /** Idle minutes of all machines together, after the last clip. */
  readonly idleMinutesAfterLast: number
  /** Changes of direction in the count of wanted workers: it fell after it had risen, or the other way. */
  readonly turns: number
  readonly peakWorkers: number
  readonly peakMachines: number
  readonly cutRenders: number
  readonly lostRenders: number
  readonly reclaims: number
}

const sumOf = <Item>(items: readonly Item[], of: (item: Item) => number): number =>
  items.reduce((sum, item) => sum + of(item), 0)

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

export const turnsOf = (values: readonly number[]): number => {
  const directions = values
    .slice(1)
    .map((value, i) => Math.sign(value - values[i]!))
    .filter((direction) => direction !== 0)
  return directions.slice(1).filter((direction, i) => direction !== directions[i]).length
}

export const outcomeOf = ({ options, queue, machines, tally, peak, endedAt }: FleetRun): Outcome => {
  const firstAt = queue.arrivedAt[0] ?? 0
  const doneAt = queue.doneAt.filter((at) => !Number.isNaN(at)).sort((a, b) => a - b)
  const lastAt = doneAt.at(-1) ?? firstAt
  const waits = queue.doneAt
    .map((at, clip) => at - queue.arrivedAt[clip]!)
    .filter((wait) => !Number.isNaN(wait))
    .sort((a, b) => a - b)
  const spans = machines.all.map(({ runningAt, endedAt: ended }) => ({
    from: runningAt,
    to: Math.max(runningAt, ended ?? endedAt),
  }))
  const machineSeconds = sumOf(spans, ({ from, to }) => to - from)
  const deviceSeconds = sumOf(machines.all, ({ past }) => sumOf(past, (worker) => worker.deviceSeconds))
  const forNothing = machines.all.filter(
    ({ past, reclaimedAt, endedAt: ended }) =>
      ended !== null && reclaimedAt === null && past.every(({ clips }) => clips === 0),
  )
  return {
    clips: queue.arrivedAt.length,
    done: doneAt.length,
    doneTwice: queue.records.filter((count) => count > 1).length,
    redelivered: sumOf(queue.deliveries, (count) => count) - sumOf(queue.records, (count) => count),
    firstClipSeconds: (doneAt[0] ?? Number.NaN) - firstAt,
    drainedSeconds: lastAt - firstAt,
    medianWaitSeconds: quantile(waits, 0.5),
    p95WaitSeconds: quantile(waits, 0.95),
    launches: machines.all.length,
    launchesForNothing: forNothing.length,
    machineHours: machineSeconds / 3600,
    countedHours: [...tally.countedHours.values()].reduce((sum, hours) => sum + hours, 0),
    usedShare: deviceSeconds / Math.max(1, machineSeconds * options.instanceType.gpus),
    idleMinutesAfterLast: sumOf(spans, ({ from, to }) => Math.max(0, to - Math.max(from, lastAt))) / 60,
    turns: turnsOf(tally.wanted.map(({ workers }) => workers)),
    peakWorkers: peak.workers,
    peakMachines: peak.machines,
    cutRenders: tally.cutRenders,
    lostRenders: tally.lostRenders,
    reclaims: tally.reclaims,
  }
}
