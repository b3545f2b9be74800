import { openClipHistory } from '../../../worker/jobs/quality/clip-history.ts'
import type { SettlingDeps } from '../../../worker/jobs/settle-failure.ts'
import type { Faults } from '../../fixtures/faults.ts'
import { openMemoryMessageQueue } from '../../fixtures/memory-message-queue.ts'
import { openMemoryObjectStore, type StoreOperation } from '../../fixtures/memory-object-store.ts'
import { dateAt, virtualClock } from '../../fixtures/virtual-clock.ts'
import { openVirtualTime } from '../../fixtures/virtual-time.ts'

export const WORKER = {
  id: 'worker-1',
  version: '0.1.0',
  executionProvider: 'cpu',
  device: 'a processor',
  precision: 'fp32',
  usdPerHour: 3.6,
} as const

/** The dependencies that end jobs, on a store in memory. No request takes any time. */
export const closingDeps = (faults: Faults<StoreOperation> = {}) => {
  const time = openVirtualTime()
  const store = openMemoryObjectStore({ now: () => dateAt(time.nowMs()).getTime(), faults })
  const now = (): number => dateAt(time.nowMs()).getTime()
  const deadLetters = openMemoryMessageQueue({ url: 'dead-letters', now })
  const deps: SettlingDeps = {
    ...{ store, deadLetters },
    clock: virtualClock(time),
    worker: WORKER,
    random: () => 0.5,
    clips: openClipHistory(),
    maxAttempts: 3,
    until: AbortSignal.any([]),
  }
  /** Moves time until the work has settled, because failed requests are retried after a while. */
  const settled = async <T>(work: Promise<T>): Promise<T> => {
    let isOver = false
    const end = (): void => {
      isOver = true
    }
    work.then(end, end)
    await time.runUntil(() => isOver, 3_600_000)
    return await work
  }
  return { time, store, deadLetters, deps, settled }
}
