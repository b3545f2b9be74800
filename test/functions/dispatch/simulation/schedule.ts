import type { CallFaults } from '../../../worker/queue/simulation/faulty-call.ts'
import type { SeededRandom } from '../../../worker/queue/simulation/seeded-random.ts'

/** Which faults there are, and how often. Each schedule has some of them, so that none hides another. */
export interface Schedule {
  readonly clipsPerWorker: number
  readonly maxWorkers: number
  /** Clips that come, and when. */
  readonly drops: readonly { readonly atMs: number; readonly clips: number }[]
  /** Workers that lease a clip, never complete it and never end, so that none may be started as a replacement. */
  readonly endless: boolean
  readonly clipMs: number
  readonly calls: CallFaults
  /** A submission arrives up to a minute after its sender has given up. */
  readonly late: number
  readonly throttled: number
  /** The longest delay until Batch shows a change. */
  readonly lagMs: number
  /** An active job is not in a list. */
  readonly slips: number
  /** A worker fails at its start. */
  readonly fails: number
  /** A running worker is reclaimed, and gets another attempt. */
  readonly reclaimed: number
  /** Functions that are called for one event, nearly at once. */
  readonly callsAMinute: readonly number[]
}

export const MINUTE_MS = 60_000
/** When the faults end: from then on everything has to come to an end by itself. */
export const HEALED_MS = 20 * MINUTE_MS

export const planSchedule = (random: SeededRandom): Schedule => {
  const endless = random.chance(0.4)
  const drops = Array.from({ length: endless ? 1 : 1 + random.below(4) }, () => ({
    atMs: endless ? 0 : random.between(0, HEALED_MS),
    clips: 1 + random.below(endless ? 600 : 150),
  }))
  return {
    clipsPerWorker: 1 + random.below(12),
    maxWorkers: random.pick([1, 5, 30, 300]),
    ...{ drops, endless, clipMs: random.between(5_000, 40_000) },
    calls: {
      lostRequest: random.pick([0, 0.03, 0.15]),
      lostAnswer: random.pick([0, 0.03, 0.15]),
      slow: random.pick([0, 0.05, 0.2]),
      crash: random.pick([0, 0.02, 0.1]),
      freeze: 0,
    },
    late: random.pick([0, 0.1]),
    throttled: random.pick([0, 0, 0.2]),
    lagMs: random.pick([0, 10_000, 120_000]),
    slips: random.pick([0, 0, 0.1]),
    fails: endless ? 0 : random.pick([0, 0, 0.1]),
    reclaimed: endless ? 0 : random.pick([0, 0.2]),
    callsAMinute: random.pick([[1], [1, 2], [1, 2, 3]]),
  }
}
