import { cancelKey, reportKey, resultKey } from '../../../../shared/contracts/bucket-layout.ts'
import { type ResultRecord, resultRecordSchema } from '../../../../shared/contracts/result-record.ts'
import type { WorkerEvent } from '../../../../worker/queue/worker-event.ts'
import { openMemoryMessageQueue, type QueuedMessage } from '../../../fixtures/memory-message-queue.ts'
import { type MemoryObjectStore, openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { dateAt } from '../../../fixtures/virtual-clock.ts'
import { openVirtualTime } from '../../../fixtures/virtual-time.ts'
import { aJobMessage } from '../../jobs/a-job-message.ts'
import { type CallFaults, NO_CALL_FAULTS } from './faulty-call.ts'
import { HEALED_MS, type Incident, type PlannedJob, planSchedule } from './schedule.ts'
import { seededRandom } from './seeded-random.ts'
import { startMachine } from './simulated-machine.ts'
import type { JobKind } from './simulated-renderer.ts'
import { jobIdIn, watchQueue } from './watched-queue.ts'
import { watchStore } from './watched-store.ts'

export interface SimulationResult {
  readonly seed: number
  /** What went against a promise; empty: nothing. */
  readonly violations: readonly string[]
  readonly trace: readonly string[]
  readonly events: readonly WorkerEvent[]
}

/** Back-offs of all attempts after the faults are over, and more. */
const OVER_MS = HEALED_MS + 24 * 3_600_000
const NEVER = new AbortController().signal

const recordOf = (store: MemoryObjectStore, jobId: string): ResultRecord | null => {
  const written = store.writes.find(({ key }) => key === resultKey(jobId))
  return written === undefined
    ? null
    : resultRecordSchema.parse(JSON.parse(new TextDecoder().decode(written.bytes)))
}

/** What a record says that cannot be, of such a job. */
const contradictions = (record: ResultRecord, kind: JobKind, stoppedBefore: boolean): readonly string[] => {
  const { state, failure, safer_path, outputs, job } = record
  const videos = state === 'succeeded' ? job.parameters.num_videos_per_prompt : 0
  const wrong: [boolean, string][] = [
    [outputs.length !== videos, `${state} with ${outputs.length} outputs`],
    [stoppedBefore && state === 'succeeded', 'was to be stopped before it began, and succeeded'],
    [kind === 'bad-picture' && state === 'succeeded', 'has no picture, and succeeded'],
    [kind === 'bad-clip' && state === 'succeeded', 'did not pass its checks, and succeeded'],
    [kind === 'bad-seams' && state === 'succeeded' && !safer_path, 'has seams, and succeeded'],
    [kind !== 'bad-picture' && failure?.class === 'invalid-input', 'has a picture, and was refused'],
    [kind !== 'bad-clip' && failure?.class === 'quality', 'is good, and did not pass'],
  ]
  return wrong.flatMap(([isSo, what]) => (isSo ? [what] : []))
}

export interface SimulationOptions {
  /** Puts something else in front of the store: to see that a fault of it is found. */
  readonly alterStore?: (store: MemoryObjectStore) => MemoryObjectStore
}

/** Runs one schedule to its end. The same seed gives the same run. */
export const simulate = async (
  seed: number,
  { alterStore = (store) => store }: SimulationOptions = {},
): Promise<SimulationResult> => {
  const random = seededRandom(seed)
  const schedule = planSchedule(random)
  const time = openVirtualTime()
  const epochMs = (): number => dateAt(time.nowMs()).getTime()
  const violations: string[] = []
  const lines: string[] = []
  const events: WorkerEvent[] = []
  const trace = (line: string): void => {
    lines.push(`${(time.nowMs() / 1000).toFixed(3)} ${line}`)
  }
  const violate = (what: string): void => {
    trace(`!!! ${what}`)
    violations.push(what)
  }

  const memory = alterStore(openMemoryObjectStore({ now: epochMs }))
  const deadMemory = openMemoryMessageQueue({ url: 'dead', now: epochMs, random: random.next })
  const jobsMemory = openMemoryMessageQueue({
    url: 'jobs',
    now: epochMs,
    random: random.next,
    duplicates: schedule.duplicates,
    redrive: { deadLetters: deadMemory, maxReceiveCount: schedule.maxAttempts },
  })
  const kinds = new Map<string, JobKind>()
  const stoppedBefore = new Set<string>()
  const kindOf = (jobId: string): JobKind => kinds.get(jobId) ?? 'good'
  const isDone = (jobId: string): boolean => memory.keys().includes(resultKey(jobId))

  let fullUntilMs = 0
  const outUntilMs = { store: 0, queue: 0 }
  const isHealed = (): boolean => time.nowMs() >= HEALED_MS
  const callFaults = (of: 'store' | 'queue') => (): CallFaults => {
    if (isHealed()) return NO_CALL_FAULTS
    return time.nowMs() < outUntilMs[of] ? { ...schedule.calls, lostRequest: 1 } : schedule.calls
  }
  const machines = Array.from({ length: schedule.machines }, (_, index) =>
    startMachine({
      name: `worker-${index}`,
      time,
      random,
      store: watchStore(memory, violate),
      jobs: { port: watchQueue({ queue: jobsMemory, store: memory, violate }), memory: jobsMemory },
      deadLetters: { port: watchQueue({ queue: deadMemory, store: memory, violate }), memory: deadMemory },
      maxAttempts: schedule.maxAttempts,
      isDone,
      kindOf,
      faults: {
        store: callFaults('store'),
        queue: callFaults('queue'),
        renderer: () => (isHealed() ? { crash: 0, hang: 0, encoder: 0 } : schedule.renderer),
        isDiskFull: () => !isHealed() && time.nowMs() < fullUntilMs,
      },
      epochMs,
      trace,
      violate,
      onEvent: (event) => events.push(event),
    }),
  )

  const submit = (planned: PlannedJob, index: number): void => {
    const job = aJobMessage({
      picture: `picture-${index}`,
      parameters: { num_videos_per_prompt: planned.videos },
      submittedAt: dateAt(time.nowMs()),
    })
    kinds.set(job.job_id, planned.kind)
    const message = { body: JSON.stringify(job), groupId: job.group }
    for (let copy = 0; copy < planned.messages; copy++) {
      time.after(copy * random.between(0, 60_000), () => void jobsMemory.send([message], NEVER))
    }
    trace(`submits ${planned.kind} ${job.job_id}`)
    if (planned.cancelledMs === null) return
    const cancel = (): void => {
      trace(`cancels ${job.job_id}`)
      void memory.put(cancelKey(job.job_id), new Uint8Array(), { contentType: 'application/json' }, NEVER)
    }
    if (planned.cancelledMs > planned.atMs) time.after(planned.cancelledMs - planned.atMs, cancel)
    else {
      stoppedBefore.add(job.job_id)
      cancel()
    }
  }

  const strike = (incident: Incident): void => {
    trace(`incident ${JSON.stringify(incident)}`)
    switch (incident.type) {
      case 'crash':
        machines[incident.machine]!.crash('without a word')
        break
      case 'drain':
        machines[incident.machine]!.drain('SIGTERM', incident.secondsLeft)
        break
      case 'freeze':
        machines[incident.machine]!.freeze(incident.forMs)
        break
      case 'lost-lease': {
        const inFlight = jobsMemory.messages().filter(({ visibleAtMs }) => visibleAtMs > epochMs())
        if (inFlight.length > 0) (random.pick(inFlight) as QueuedMessage).visibleAtMs = epochMs()
        break
      }
      case 'full-disk':
        fullUntilMs = Math.max(fullUntilMs, time.nowMs() + incident.forMs)
        break
      case 'outage':
        for (const side of ['store', 'queue'] as const) {
          if (incident.of === side || incident.of === 'both') outUntilMs[side] = time.nowMs() + incident.forMs
        }
    }
  }

  for (const [index, planned] of schedule.jobs.entries())
    time.after(planned.atMs, () => submit(planned, index))
  for (let index = 0; index < schedule.malformedMessages; index++) {
    const message = { body: '{"version": 2}', groupId: 'other' }
    time.after(random.between(0, HEALED_MS), () => void jobsMemory.send([message], NEVER))
  }
  for (const incident of schedule.incidents) time.after(incident.atMs, () => strike(incident))

  const isSettled = (): boolean =>
    isHealed() &&
    jobsMemory.messages().length === 0 &&
    [...kinds.keys()].every(isDone) &&
    deadMemory.messages().every(({ body, messageId }) => {
      const jobId = jobIdIn(body)
      return jobId === null ? memory.keys().includes(reportKey(`messages/${messageId}`)) : isDone(jobId)
    })
  const isOver = (): boolean => violations.length > 0 || isSettled()
  try {
    await time.runUntil(isOver, OVER_MS)
    for (const machine of machines) {
      machine.retire()
      machine.drain('the simulation is over', null)
    }
    await time.runUntil(
      () => violations.length > 0 || machines.every((machine) => machine.isEmpty()),
      time.nowMs() + 3_600_000,
    )
  } catch (error) {
    violate(`${error instanceof Error ? error.message : error}`)
  }
  for (const [jobId, kind] of violations.length > 0 ? [] : kinds) {
    const record = recordOf(memory, jobId)
    if (record === null) violate(`${jobId} has no record`)
    else
      for (const what of contradictions(record, kind, stoppedBefore.has(jobId))) violate(`${jobId}: ${what}`)
  }
  return { seed, violations, trace: lines, events }
}
