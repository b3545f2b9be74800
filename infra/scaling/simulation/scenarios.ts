import { instanceTypeOf } from '../../../shared/fleet/instance-types.ts'
import { LEASE_OPTIONS } from '../../../worker/queue/hold-lease.ts'
import { usdPerHour } from './machine-cost.ts'
import type { FleetOptions } from './run-fleet.ts'
import type { SpotMarket } from './spot.ts'
import type { ClipSeconds } from './worker.ts'

/*
 * What a fleet is put through. An xt clip of 25 steps is counted at 22 to 28 s on the L40S of a g6e.xlarge, at half of
 * the card's peak; nobody has measured one.
 */
export const INSTANCE = 'g6e.xlarge'
export const CLIP = { seconds: 30, spread: 0.2 }
const MAX_WORKERS = 32
const HOUR = 3600

/** A thing of this size is cheap to be reclaimed from: some percent of instances a month is what is published. */
const CALM: SpotMarket = {
  reclaimsPerInstanceHour: 0.01,
  withoutNotice: 0.1,
  leaseSeconds: LEASE_OPTIONS.visibilitySeconds,
}

export type Load = Pick<FleetOptions, 'arrivals' | 'lastArrivalSeconds'>

/** The queue has been asleep, and is called for the first time a minute after the start. */
const START_SECONDS = 60

export const atOnce = (clips: number): Load => ({
  arrivals: (now) => (now === START_SECONDS ? clips : 0),
  lastArrivalSeconds: START_SECONDS,
})

/** One at a time, for `hours`. */
export const every = (seconds: number, hours: number): Load => ({
  arrivals: (now) => (now % seconds === START_SECONDS % seconds ? 1 : 0),
  lastArrivalSeconds: hours * HOUR,
})

/** From nothing at 6 h to the most at noon to nothing at 18 h, half a sine: a peak of pi times the day's average. */
export const halfSineDay = (clips: number): Load => {
  const day = 12 * HOUR
  let sent = 0
  return {
    arrivals(now) {
      const into = Math.min(Math.max(0, now - 6 * HOUR), day)
      const due = Math.round((clips * (1 - Math.cos((Math.PI * into) / day))) / 2)
      const arrived = due - sent
      sent = due
      return arrived
    },
    lastArrivalSeconds: 18 * HOUR,
  }
}

/** One after the other. */
export const both = (first: Load, then: Load, afterSeconds: number): Load => ({
  arrivals: (now) => first.arrivals(now) + (now < afterSeconds ? 0 : then.arrivals(now - afterSeconds)),
  lastArrivalSeconds: Math.max(first.lastArrivalSeconds, then.lastArrivalSeconds + afterSeconds),
})

export interface Scenario {
  readonly name: string
  readonly load: () => Load
  readonly spot?: Partial<SpotMarket>
  readonly maxWorkers?: number
  readonly clip?: ClipSeconds
}

export const SCENARIOS = {
  one: { name: 'one clip', load: () => atOnce(1) },
  hundred: { name: '100 at once', load: () => atOnce(100) },
  tenThousand: { name: '10,000 at once', load: () => atOnce(10_000) },
  trickle: { name: 'one every 10 min', load: () => every(600, 24) },
  steady: { name: 'one every 4 s', load: () => every(4, 8) },
  late: {
    name: 'one, and 200 after 15 min',
    load: () => both(atOnce(1), atOnce(200), 900),
    maxWorkers: 128,
  },
  day: { name: "a day's wave of 10,000", load: () => halfSineDay(10_000) },
  longStorm: {
    name: '100 of 3 min, Spot storm',
    load: () => atOnce(100),
    clip: { seconds: 180, spread: 0.2 },
    spot: { reclaimsPerInstanceHour: 3, withoutNotice: 0.2 },
  },
  storm: {
    name: '1,000 at once, Spot storm',
    load: () => atOnce(1_000),
    spot: { reclaimsPerInstanceHour: 3, withoutNotice: 0.2 },
  },
} as const satisfies Record<string, Scenario>

export const PRICE_USD_PER_HOUR = usdPerHour(INSTANCE, 'spot')

/** Fresh at each call: a load may count. */
export const fleetOptions = (
  { load, spot, maxWorkers = MAX_WORKERS, clip = CLIP }: Scenario,
  rest: Pick<FleetOptions, 'way' | 'policy' | 'seed'>,
): FleetOptions => ({
  ...rest,
  ...load(),
  instanceType: instanceTypeOf(INSTANCE),
  clip,
  spot: { ...CALM, ...spot },
  maxWorkers,
  horizonSeconds: 72 * HOUR,
})
