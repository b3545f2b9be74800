import type { QueueDepth } from '../../../../shared/ports/message-queue.ts'
import type { MemoryWorkerService } from '../../../fixtures/memory-worker-service.ts'
import type { VirtualTime } from '../../../fixtures/virtual-time.ts'
import type { SeededRandom } from '../../../worker/queue/simulation/seeded-random.ts'
import { MINUTE_MS, type Schedule } from './schedule.ts'

export interface SimulatedService {
  drop(clips: number): void
  depth(): QueueDepth
  backlog(): number
  tasks(): number
}

export interface SimulatedServiceOptions {
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly schedule: Schedule
  readonly service: MemoryWorkerService
  readonly isHealed: () => boolean
}

const RECONCILE_MS = 10_000
const LOOK_MS = 20_000

interface Task {
  state: 'boots' | 'idle' | 'busy' | 'ended'
}

/** ECS, which keeps as many tasks as are desired and stops none that holds a clip; and tasks that take clips. */
export const simulateService = (options: SimulatedServiceOptions): SimulatedService => {
  const { time, random, schedule, service, isHealed } = options
  let waiting = 0
  let inFlight = 0
  let tasks: Task[] = []
  const has = (probability: number): boolean => !isHealed() && random.chance(probability)
  const showRunning = (): void => service.run(tasks.filter(({ state }) => state !== 'boots').length)

  const end = (task: Task): void => {
    task.state = 'ended'
    tasks = tasks.filter((one) => one !== task)
    showRunning()
  }

  const work = (task: Task): void => {
    if (task.state === 'ended') return
    if (waiting === 0) {
      task.state = 'idle'
      time.after(LOOK_MS, () => work(task))
      return
    }
    waiting--
    inFlight++
    task.state = 'busy'
    const isReclaimed = has(schedule.reclaimed)
    time.after(schedule.clipMs * (isReclaimed ? random.next() : 1), () => {
      inFlight--
      if (!isReclaimed) return work(task)
      waiting++
      end(task)
    })
  }

  const start = (): void => {
    const task: Task = { state: 'boots' }
    tasks.push(task)
    time.after(random.between(20_000, 5 * MINUTE_MS), () => {
      if (task.state === 'ended') return
      task.state = 'idle'
      showRunning()
      if (has(schedule.fails)) return end(task)
      work(task)
    })
  }

  const reconcile = (): void => {
    const surplus = tasks.length - service.desired()
    for (let n = 0; n < -surplus; n++) start()
    const stoppable = tasks.filter(({ state }) => state !== 'busy')
    for (const task of stoppable.slice(0, Math.max(0, surplus))) end(task)
    time.after(RECONCILE_MS, reconcile)
  }
  reconcile()

  return {
    drop(clips) {
      waiting += clips
    },
    depth: () => ({ visible: waiting, inFlight, delayed: 0 }),
    backlog: () => waiting + inFlight,
    tasks: () => tasks.length,
  }
}
