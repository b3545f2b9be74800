import { type InstanceTypeName, instanceTypeOf } from '../../shared/fleet/instance-types.ts'
import { rendererHostBytes } from '../engine/memory/device-memory.ts'
import { fitCard, isTooSmall, type MemoryFit, type PlanOnCard } from './card-memory.ts'
import { limitsOf, type Purchase, type VcpuNeed, vcpuNeedOf } from './limits.ts'
import { type MeasuredTime, measuredTimeOf, type TimedClip } from './measured-times.ts'
import { type FleetPlan, planFleet, workersWithin } from './plan-fleet.ts'
import { type Range, rangeOf } from './range.ts'
import { clipSecondsOf, type GraphRuns, limitOf } from './roofline.ts'

export interface ClipToPlan {
  /** Every graph of one clip. */
  readonly graphs: readonly GraphRuns[]
  readonly timed: TimedClip
  readonly planOnCard: PlanOnCard
  /** Frames decoded at once, as requested. */
  readonly decodeChunk: number
  readonly modelBytes: number
}

export interface PlanQuestion {
  readonly clips: number
  readonly purchase: Purchase
  /** Count of workers; `null` for as many as `withinSeconds` needs, else one. */
  readonly workers: number | null
  readonly withinSeconds: number | null
  /** Seconds of a clip on this very card, from the user; `null` if not given. */
  readonly givenSeconds: number | null
  /** A time among them for this clip and card wins over what is counted. */
  readonly measuredTimes: readonly MeasuredTime[]
}

export interface InstancePlan {
  readonly instanceType: InstanceTypeName
  readonly usdPerHour: Range
  readonly secondsPerClip: Range
  /** Whether `secondsPerClip` was measured, given by the caller or in the table, or counted from the graphs. */
  readonly basis: 'counted' | 'measured'
  /** The table's entry; `null` if `secondsPerClip` was counted or given. */
  readonly measured: MeasuredTime | null
  readonly fit: MemoryFit
  readonly fleet: FleetPlan
  /** Count of workers that finish within `withinSeconds`; `null` if that is not given, or no number is enough. */
  readonly workersWithin: number | null
  readonly vcpus: VcpuNeed
  readonly limits: readonly string[]
}

/** US dollars an hour; null where the price table has none. */
export const priceOf = (name: InstanceTypeName, purchase: Purchase): Range | null => {
  const { onDemandUsdPerHour, spotUsdPerHour } = instanceTypeOf(name)
  return purchase === 'spot' ? spotUsdPerHour : rangeOf(onDemandUsdPerHour, onDemandUsdPerHour)
}

export const planInstance = (
  instanceType: InstanceTypeName,
  usdPerHour: Range,
  { graphs, timed, planOnCard, decodeChunk, modelBytes }: ClipToPlan,
  { clips, purchase, workers, withinSeconds, givenSeconds, measuredTimes }: PlanQuestion,
): InstancePlan => {
  const instance = instanceTypeOf(instanceType)
  const counted = clipSecondsOf(graphs, instance.gpu)
  const measured = givenSeconds === null ? measuredTimeOf(measuredTimes, instance.gpu.name, timed) : null
  const seconds = givenSeconds ?? measured?.secondsPerClip ?? null
  const basis = seconds === null ? 'counted' : 'measured'
  const secondsPerClip = seconds === null ? counted.seconds : rangeOf(seconds, seconds)
  const batch = { clips, secondsPerClip, modelBytes }
  const enough = withinSeconds === null ? null : workersWithin(withinSeconds, batch, instance)
  const fleet = planFleet(batch, instance, { workers: workers ?? enough ?? 1, usdPerHour })
  const hostBytes = rendererHostBytes(instanceType)
  const fit = fitCard(planOnCard, decodeChunk, instance.gpu.memoryMib, hostBytes)
  const deviceLimit = seconds === null ? limitOf(counted) : null
  return {
    ...{ instanceType, usdPerHour, secondsPerClip, basis, measured },
    ...{ fit, fleet, workersWithin: enough },
    vcpus: vcpuNeedOf(instance, fleet.instances, purchase),
    limits: limitsOf(fleet, { clips, fit, deviceLimit }),
  }
}

/** Order of plans: those that fit come first, and among them the cheapest if all goes slowly. */
export const byCost = (a: InstancePlan, b: InstancePlan): number =>
  Number(isTooSmall(a.fit)) - Number(isTooSmall(b.fit)) ||
  a.fleet.usd.high - b.fleet.usd.high ||
  a.fleet.hours.high - b.fleet.hours.high
