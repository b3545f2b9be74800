import type { Clock } from '../../../shared/clock.ts'
import { CardUnusableError } from '../../renderer/card-unusable-error.ts'
import { createMutex } from './mutex.ts'

export interface DeviceUse {
  readonly signal: AbortSignal
  /** Whether the use comes before all others that wait for the device. */
  readonly first: boolean
  /** `idleMs`: milliseconds since the use before ended; `null` if there was none. */
  readonly onStart: (idleMs: number | null) => void
  readonly onEnd: (usedSeconds: number) => void
}

/** The renderer's device: one job at a time has it. */
export interface DeviceSlot {
  /** Once a use has thrown `CardUnusableError`, every later one throws the same and runs nothing. */
  use<T>(run: () => Promise<T>, use: DeviceUse): Promise<T>
  /** Time at which the last use ended, on the clock's `elapsedMs`; `null` if there was none. */
  endedMs(): number | null
}

/** `onUnusable` is called before the next use can begin. */
export const createDeviceSlot = (
  clock: Clock,
  onUnusable: (error: CardUnusableError) => void = () => {},
): DeviceSlot => {
  const mutex = createMutex()
  let endedMs: number | null = null
  let unusable: CardUnusableError | null = null
  return {
    endedMs: () => endedMs,
    async use(run, { signal, first, onStart, onEnd }) {
      using _ = await mutex.enter(signal, { first })
      if (unusable !== null) throw unusable
      const startedMs = clock.elapsedMs()
      onStart(endedMs === null ? null : startedMs - endedMs)
      try {
        return await run()
      } catch (error) {
        if (error instanceof CardUnusableError) {
          unusable = error
          onUnusable(error)
        }
        throw error
      } finally {
        endedMs = clock.elapsedMs()
        onEnd((endedMs - startedMs) / 1000)
      }
    },
  }
}
