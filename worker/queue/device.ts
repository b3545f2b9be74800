import type { Clock } from '../jobs/clock.ts'
import { openPlace } from './place.ts'

export interface DeviceUse {
  readonly signal: AbortSignal
  /** Before all others that wait for it. */
  readonly first: boolean
  /** `idleMs`: since the use before ended; null: there was none. */
  readonly onStart: (idleMs: number | null) => void
  readonly onEnd: (usedSeconds: number) => void
}

/** The renderer's device: one job at a time has it. */
export interface Device {
  use<T>(run: () => Promise<T>, use: DeviceUse): Promise<T>
  /** On the clock's `elapsedMs`; null: nobody has used it. */
  endedMs(): number | null
}

export const openDevice = (clock: Clock): Device => {
  const place = openPlace()
  let endedMs: number | null = null
  return {
    endedMs: () => endedMs,
    async use(run, { signal, first, onStart, onEnd }) {
      using _ = await place.enter(signal, { first })
      const startedMs = clock.elapsedMs()
      onStart(endedMs === null ? null : startedMs - endedMs)
      try {
        return await run()
      } finally {
        endedMs = clock.elapsedMs()
        onEnd((endedMs - startedMs) / 1000)
      }
    },
  }
}
