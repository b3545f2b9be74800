import { type InstanceTypeName, instanceTypeOf } from '../../shared/fleet/instance-types.ts'
import { fitCard, type MemoryFit, type PlanOnCard } from './card-memory.ts'
import { deviceSecondsOf } from './device-seconds.ts'
import type { Work } from './graph-work.ts'
import { limitsOf, type Purchase, type VcpuNeed, vcpuNeedOf } from './limits.ts'
import { type FleetPlan, planFleet, workersWithin } from './plan-fleet.ts'
import { type Range, rangeOf } from './range.ts'

export interface ClipToPlan {
  /** Of one clip. */
  readonly work: Work
  readonly planOnCard: PlanOnCard
  /** Frames decoded at once, as asked for. */
  readonly decodeChunk: number
  readonly modelBytes: number
}

export interface PlanQuestion {
  readonly clips: number
  readonly purchase: Purchase
  /** Null: as many as `withinSeconds` needs, else one. */
  readonly workers: number | null
  readonly withinSeconds: number | null
  /** What a clip takes on this very card; null: to be counted. */
  readonly measuredSeconds: number | null
}

export interface InstancePlan {
  readonly instanceType: InstanceTypeName
  readonly usdPerHour: Range
  readonly secondsPerClip: Range
  readonly fit: MemoryFit
  readonly fleet: FleetPlan
  /** Null: not asked for, or no number is enough. */
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
  { work, planOnCard, decodeChunk, modelBytes }: ClipToPlan,
  { clips, purchase, workers, withinSeconds, measuredSeconds }: PlanQuestion,
): InstancePlan => {
  const instance = instanceTypeOf(instanceType)
  const counted = deviceSecondsOf(work, instance.gpu)
  const secondsPerClip =
    measuredSeconds === null ? counted.seconds : rangeOf(measuredSeconds, measuredSeconds)
  const batch = { clips, secondsPerClip, modelBytes }
  const enough = withinSeconds === null ? null : workersWithin(withinSeconds, batch, instance)
  const fleet = planFleet(batch, instance, { workers: workers ?? enough ?? 1, usdPerHour })
  const fit = fitCard(planOnCard, decodeChunk, instance.gpu.memoryMib)
  const deviceLimit = measuredSeconds === null ? counted.limit : null
  return {
    ...{ instanceType, usdPerHour, secondsPerClip, fit, fleet, workersWithin: enough },
    vcpus: vcpuNeedOf(instance, fleet.instances, purchase),
    limits: limitsOf(fleet, { clips, fit, deviceLimit }),
  }
}

/** What fits first, and of that the cheapest, if all goes slowly. */
export const byCost = (a: InstancePlan, b: InstancePlan): number =>
  Number(a.fit.way === 'none') - Number(b.fit.way === 'none') ||
  a.fleet.usd.high - b.fleet.usd.high ||
  a.fleet.hours.high - b.fleet.hours.high
