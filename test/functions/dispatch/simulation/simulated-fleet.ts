import type { QueueDepth } from '../../../../shared/ports/message-queue.ts'
import type { MemoryBatchJobs } from '../../../fixtures/memory-batch-jobs.ts'
import type { VirtualTime } from '../../../fixtures/virtual-time.ts'
import type { SeededRandom } from '../../../worker/queue/simulation/seeded-random.ts'
import { MINUTE_MS, type Schedule } from './schedule.ts'

export interface SimulatedFleet {
  drop(clips: number): void
  /** Starts the worker of a Batch job. It works, and ends when it is idle. */
  bringUp(jobId: string): void
  depth(): QueueDepth
  backlog(): number
}

export interface SimulatedFleetOptions {
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly schedule: Schedule
  readonly batch: MemoryBatchJobs
  readonly isHealed: () => boolean
}

const UNTIL_IDLE_MS = 2 * MINUTE_MS
const LOOK_MS = 20_000

/** Workers that take clips one by one. */
export const simulateFleet = ({
  time,
  random,
  schedule,
  batch,
  isHealed,
}: SimulatedFleetOptions): SimulatedFleet => {
  let waiting = 0
  let inFlight = 0
  const has = (probability: number): boolean => !isHealed() && random.chance(probability)

  const work = (jobId: string, idleMs: number): void => {
    if (schedule.endless) {
      // It holds its clip for ever.
      if (waiting === 0) return
      waiting--
      inFlight++
      return
    }
    if (waiting === 0) {
      if (idleMs >= UNTIL_IDLE_MS) batch.move(jobId, 'SUCCEEDED')
      else time.after(LOOK_MS, () => work(jobId, idleMs + LOOK_MS))
      return
    }
    waiting--
    inFlight++
    const isReclaimed = has(schedule.reclaimed)
    time.after(schedule.clipMs * (isReclaimed ? random.next() : 1), () => {
      inFlight--
      if (!isReclaimed) return work(jobId, 0)
      waiting++
      comeUp(jobId)
    })
  }

  const comeUp = (jobId: string): void => {
    batch.move(jobId, 'RUNNABLE')
    time.after(random.between(20_000, 4 * MINUTE_MS), () => batch.move(jobId, 'STARTING'))
    time.after(5 * MINUTE_MS, () => {
      if (has(schedule.fails)) return batch.move(jobId, 'FAILED')
      batch.move(jobId, 'RUNNING')
      work(jobId, 0)
    })
  }

  return {
    drop(clips) {
      waiting += clips
    },
    bringUp(jobId) {
      time.after(random.between(500, 5_000), () => comeUp(jobId))
    },
    depth: () => ({ visible: waiting, inFlight, delayed: 0 }),
    backlog: () => waiting + inFlight,
  }
}
