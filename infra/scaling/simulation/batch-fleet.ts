import { type Fleet, type FleetDeps, want } from './fleet-deps.ts'
import { activeWorkers, findPlace, freeSlots } from './machines.ts'
import { dateAt, isPaused, openSimulatedDispatch, REVISION } from './simulated-dispatch.ts'
import { drainWorker, isIdle, pauseWorker } from './worker.ts'

/** Batch looks at its queues, and at the instances these need, about once a minute. Neither documented nor measured. */
const SCHEDULER_SECONDS = 60
/** Seconds for which Batch keeps an instance without a job, if no delay is set. Neither documented nor measured. */
export const BATCH_KEEPS_IDLE_SECONDS = 300
const PLACE_SECONDS = 5

/** Worker jobs as the rule that starts them sees them. */
export interface JobsSeen {
  readonly running: number
  readonly runnable: number
  /** Reasons of jobs that ended FAILED since the rule ran last. */
  readonly failed: readonly string[]
}

/** Rule that starts worker jobs. It runs each `policy.dispatch.everySeconds`. */
export type JobsRule = (
  now: number,
  seen: JobsSeen,
) => { readonly starts: number; readonly isPaused: boolean }

export type OpenJobsRule = (deps: FleetDeps) => JobsRule

/** Rule that is deployed: dispatch starts the jobs. */
const openDispatchRule: OpenJobsRule = (deps) => {
  const dispatch = openSimulatedDispatch(deps)
  return (now, { running, runnable, failed }) => {
    const active = Array.from({ length: running + runnable }, (_, n) => ({
      ...{ name: `worker-${n}`, job_id: `job-${n}`, asked_at: dateAt(now).toISOString() },
      revision: REVISION,
    }))
    const names = active.slice(0, running).map(({ name }) => name)
    const counted = failed.map((reason) => ({ reason, revision: REVISION }))
    const decision = dispatch(now, {
      batch: { active, running: new Set(names), failed: counted },
      service: null,
    })
    return { starts: decision.starts, isPaused: isPaused(decision) }
  }
}

/** Workers as jobs of AWS Batch, on a managed compute environment that is empty while there are none. */
export const openBatchFleet = (deps: FleetDeps, openRule: OpenJobsRule = openDispatchRule): Fleet => {
  const { machines, policy, queue, tally, gpus, maxWorkers } = deps
  const rule = openRule(deps)
  let runnable = 0
  /** Reasons of workers that failed since dispatch looked. */
  let failed: string[] = []

  const startJobs = (now: number): void => {
    const running = activeWorkers(machines).length
    const decision = rule(now, { running, runnable, failed })
    failed = []
    runnable += decision.starts
    if (decision.isPaused) for (const { worker } of activeWorkers(machines)) pauseWorker(worker, now, queue)
    want(tally, now, running + runnable)
  }

  const endFailing = (now: number): void => {
    for (const { machine, worker } of activeWorkers(machines)) {
      if (now < worker.readyAt) continue
      machines.endWorker(machine, worker, now)
      failed.push('exit code 1')
    }
  }

  const endIdle = (now: number): void => {
    for (const { machine, worker } of activeWorkers(machines)) {
      if (!isIdle(worker) || now - worker.idleSince < policy.dispatch.untilIdleSeconds) continue
      drainWorker(worker, now, now, queue)
      machines.endWorker(machine, worker, now)
    }
  }

  const place = (now: number): void => {
    while (runnable > 0) {
      const machine = findPlace(machines, gpus, now)
      if (machine === undefined) break
      machines.startWorker(machine, now)
      runnable--
    }
  }

  const scaleInstances = (now: number): void => {
    const usable = [...machines.running].filter(({ reclaimedAt }) => reclaimedAt === null)
    const free = usable.reduce((slots, machine) => slots + freeSlots(machine, gpus), 0)
    const missing = Math.ceil(Math.max(0, runnable - free) / gpus)
    const room = Math.ceil(maxWorkers / gpus) - machines.running.size
    for (let i = 0; i < Math.min(missing, room); i++) machines.launch(now)
    if (runnable > 0) return
    for (const machine of usable) {
      if (machine.workers.size === 0 && now - machine.emptySince >= BATCH_KEEPS_IDLE_SECONDS)
        machines.end(machine, now)
    }
  }

  return {
    tick(now) {
      if (now % policy.dispatch.everySeconds === 0) startJobs(now)
      if (now % SCHEDULER_SECONDS === 0) scaleInstances(now)
      if (policy.workersFail) endFailing(now)
      if (now % PLACE_SECONDS !== 0) return
      endIdle(now)
      place(now)
    },
    // Its retry strategy knows a reclaimed host: the job is runnable again.
    onReclaim: () => {
      runnable++
    },
  }
}
