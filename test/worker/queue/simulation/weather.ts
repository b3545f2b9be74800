import { type CallFaults, NO_CALL_FAULTS } from './faulty-call.ts'
import { HEALED_MS, type Incident, type Schedule } from './schedule.ts'
import type { RendererFaults } from './simulated-renderer.ts'

/** The faults that may occur at the moment. */
export interface Weather {
  isHealed(): boolean
  store(): CallFaults
  queue(): CallFaults
  renderer(): RendererFaults
  isDiskFull(): boolean
  turn(incident: Extract<Incident, { type: 'full-disk' | 'outage' }>): void
}

export const openWeather = (schedule: Schedule, nowMs: () => number): Weather => {
  const untilMs = { disk: 0, store: 0, queue: 0 }
  const isHealed = (): boolean => nowMs() >= HEALED_MS
  const callFaults = (of: 'store' | 'queue'): CallFaults => {
    if (isHealed()) return NO_CALL_FAULTS
    return nowMs() < untilMs[of] ? { ...schedule.calls, lostRequest: 1 } : schedule.calls
  }
  return {
    isHealed,
    store: () => callFaults('store'),
    queue: () => callFaults('queue'),
    renderer: () => (isHealed() ? { crash: 0, hang: 0, encoder: 0, lostCard: 0 } : schedule.renderer),
    isDiskFull: () => !isHealed() && nowMs() < untilMs.disk,
    turn(incident) {
      const until = nowMs() + incident.forMs
      if (incident.type === 'full-disk') untilMs.disk = until
      else if (incident.of === 'both') Object.assign(untilMs, { store: until, queue: until })
      else untilMs[incident.of] = until
    },
  }
}
