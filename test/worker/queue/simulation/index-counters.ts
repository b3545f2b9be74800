import { countEntries } from '../../../../shared/job-index/count-entries.ts'
import type { ObjectStore } from '../../../../shared/ports/object-store.ts'
import type { VirtualTime } from '../../../fixtures/virtual-time.ts'
import { type CallFaults, openFaultyCall } from './faulty-call.ts'
import { openIncarnation } from './incarnation.ts'
import type { SeededRandom } from './seeded-random.ts'
import { storeOverNetwork } from './worker-ports.ts'

export interface IndexCountersOptions {
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly store: ObjectStore
  readonly faults: () => CallFaults
  readonly trace: (line: string) => void
}

const LONGEST_PAUSE_MS = 5 * 60_000

/** Runs processes that count the index now and then. Each may die at any await. */
export const letThemCount = ({ time, random, store, faults, trace }: IndexCountersOptions): void => {
  let calls = 0
  const count = (): void => {
    const incarnation = openIncarnation(`counter.${++calls}`, time)
    const say = (line: string): void => trace(`${incarnation.name} ${line}`)
    const crash = (why: string): void => {
      say(`dies ${why}`)
      incarnation.die()
    }
    const call = openFaultyCall({ incarnation, random, faults, trace: say, crash })
    countEntries(storeOverNetwork({ store, call }), incarnation.clock.now(), incarnation.signal, {
      leastEntries: 1,
    }).then(
      (isWritten) => say(`counted, ${isWritten ? 'written' : 'and others wrote meanwhile'}`),
      (error) => say(`throws ${error}`),
    )
    time.after(random.between(1_000, LONGEST_PAUSE_MS), count)
  }
  time.after(random.between(1_000, LONGEST_PAUSE_MS), count)
}
