import type { Incarnation } from './incarnation.ts'
import type { SeededRandom } from './seeded-random.ts'

/** Chances of the faults of one call. */
export interface CallFaults {
  /** The request never arrives. */
  readonly lostRequest: number
  /** The request has its effect, and the caller gets an error. */
  readonly lostAnswer: number
  /** The answer takes up to a minute. */
  readonly slow: number
  /** The process dies before the effect, or after it. */
  readonly crash: number
  /** The process pauses for a while and then continues. */
  readonly freeze: number
}

export const NO_CALL_FAULTS: CallFaults = { lostRequest: 0, lostAnswer: 0, slow: 0, crash: 0, freeze: 0 }

export type FaultyCall = <T>(name: string, signal: AbortSignal, effect: () => Promise<T>) => Promise<T>

export interface FaultyCallOptions {
  readonly incarnation: Incarnation
  readonly random: SeededRandom
  readonly faults: () => CallFaults
  readonly crash: (why: string) => void
  readonly trace: (line: string) => void
}

/** Short, and cheap: it is made for each call of each schedule. */
const summary = (result: unknown): string =>
  Array.isArray(result)
    ? `${result.length}`
    : typeof result === 'object' && result !== null
      ? 'there'
      : String(result)

/**
 * Requests over a network that may fail, by a process that may die:
 *
 *   asked ──── lost? dies? ────▶ effect ──── lost? dies? ────▶ answered
 *     └ aborted here: half of the requests are on the wire already and have their effect all the same
 */
export const openFaultyCall = ({
  incarnation,
  random,
  faults,
  crash,
  trace,
}: FaultyCallOptions): FaultyCall => {
  const never = new Promise<never>(() => {})
  const way = (): number =>
    random.chance(faults().slow) ? random.between(1_000, 60_000) : random.between(1, 60)

  const dies = async (where: string): Promise<void> => {
    if (!random.chance(faults().crash)) return
    crash(where)
    await never
  }

  return async (name, signal, effect) => {
    if (!incarnation.isAlive()) await never
    signal.throwIfAborted()
    const wireMs = way()
    try {
      await incarnation.pause(wireMs, signal)
    } catch (error) {
      if (random.chance(0.5)) {
        trace(`${name}: aborted, and arrives all the same`)
        incarnation
          .pause(random.between(1, 60))
          .then(effect)
          .catch(() => {})
      }
      throw error
    }
    await dies(`before ${name}`)
    if (random.chance(faults().lostRequest)) {
      trace(`${name}: request lost`)
      throw new Error(`503 in ${name}`)
    }
    try {
      const result = await effect()
      trace(`${name}: ${summary(result)}`)
      await dies(`after ${name}`)
      if (random.chance(faults().freeze)) incarnation.freeze(random.between(1_000, 200_000))
      await incarnation.pause(way(), signal)
      if (random.chance(faults().lostAnswer)) {
        trace(`${name}: answer lost`)
        throw new Error(`no answer to ${name}`)
      }
      return result
    } catch (error) {
      trace(`${name}: ${error}`)
      throw error
    }
  }
}
