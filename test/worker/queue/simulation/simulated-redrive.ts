import { FAILURE_CLASSES } from '../../../../shared/contracts/result-record.ts'
import type { MessageQueue } from '../../../../shared/ports/message-queue.ts'
import type { ObjectStore } from '../../../../shared/ports/object-store.ts'
import { redrive } from '../../../../worker/client/redrive/redrive.ts'
import type { VirtualTime } from '../../../fixtures/virtual-time.ts'
import { NO_CALL_FAULTS, openFaultyCall } from './faulty-call.ts'
import { openIncarnation } from './incarnation.ts'
import type { SeededRandom } from './seeded-random.ts'
import { storeOverNetwork } from './worker-ports.ts'

export interface SimulatedRedriveOptions {
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly output: ObjectStore
  readonly jobs: MessageQueue
  readonly deadLetters: MessageQueue
  readonly trace: (line: string) => void
}

export interface SimulatedRedrive {
  /** Redrives all failed jobs, and repeats that while another process leases one of the messages. */
  begin(): void
  /** Returns whether no redrive is under way. */
  isOver(): boolean
}

/** The pause between two redrives. It is longer than the lease of a worker that records dead-letter messages. */
const AGAIN_MS = 300_000

/**
 * Runs `svd redrive` beside workers and notify. It is not killed here, because test/worker/client/redrive has the tests
 * of interrupted redrives.
 */
export const simulateRedrive = ({
  time,
  random,
  output,
  jobs,
  deadLetters,
  trace,
}: SimulatedRedriveOptions): SimulatedRedrive => {
  const filter = {
    jobIds: null,
    named: new Set<string>(),
    classes: new Set(FAILURE_CLASSES),
    endedBefore: null,
  }
  let open = 0
  let runs = 0

  const run = (): void => {
    const incarnation = openIncarnation(`redrive.${++runs}`, time)
    const { signal } = incarnation
    const say = (line: string): void => trace(`${incarnation.name} ${line}`)
    const end = (why: string, isOver: boolean): void => {
      if (!incarnation.isAlive()) return
      say(why)
      incarnation.die()
      if (isOver) open--
      else time.after(AGAIN_MS, run)
    }
    const crash = (why: string): void => end(`dies ${why}`, false)
    const call = openFaultyCall({ incarnation, random, trace: say, crash, faults: () => NO_CALL_FAULTS })
    const over = (queue: MessageQueue): MessageQueue => ({
      ...queue,
      send: (messages) => call('send', signal, () => queue.send(messages, signal)),
      receive: (options) => call('receive', signal, () => queue.receive(options, signal)),
      setVisibility: (handle, seconds) =>
        call('setVisibility', signal, () => queue.setVisibility(handle, seconds, signal)),
      remove: (handle) => call('remove', signal, () => queue.remove(handle, signal)),
    })
    const setup = {
      outputs: storeOverNetwork({ store: output, call }),
      ...{ jobs: over(jobs), deadLetters: over(deadLetters), clock: incarnation.clock },
    }
    redrive(setup, { filter, dryRun: false }, signal).then(
      ({ jobs: redriven }) => {
        const waiting = redriven.filter(({ outcome }) => outcome === 'waiting' || outcome === 'out-of-reach')
        end(`ends: ${redriven.map(({ job, outcome }) => `${job.job_id} ${outcome}`)}`, waiting.length === 0)
      },
      (error) => end(`throws ${error}`, false),
    )
  }

  return {
    begin() {
      open++
      run()
    },
    isOver: () => open === 0,
  }
}
