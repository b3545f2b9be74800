import type { Fleet, FleetDeps } from '../../../../infra/scaling/simulation/fleet-deps.ts'
import { type Outcome, outcomeOf } from '../../../../infra/scaling/simulation/outcome.ts'
import { DEPLOYED, type Policy } from '../../../../infra/scaling/simulation/policy.ts'
import { seededRandom } from '../../../../infra/scaling/simulation/random.ts'
import { type FleetOptions, runFleet } from '../../../../infra/scaling/simulation/run-fleet.ts'
import { fleetOptions, SCENARIOS, type Scenario } from '../../../../infra/scaling/simulation/scenarios.ts'
import { WORKER_LIFE } from '../../../../infra/workers/worker-life.ts'
import { openTaskProtection } from '../../../../worker/instance/task-protection.ts'
import { SEEDS } from '../simulation/run-scenario.ts'
import { openEveryMinuteFleet } from './batch-dispatch.ts'
import {
  type DeploymentOutcome,
  type RenewalReading,
  runDeployment,
  type WorkerRules,
} from './rolling-deployment.ts'
import { type AlarmReading, DOCUMENTED, FILL_WAITS, OLD_EVALUATOR } from './scaling-alarm.ts'
import { openAlarmScaledFleet } from './service-scaling.ts'
import { openRenewingProtection } from './task-protection.ts'

/*
 * Each fault that the old rules had, and the rules that are deployed under the same load, the same faults and the same
 * reading of AWS's documents.
 */

/** The same run on the old rules and on those that are deployed. */
export interface Compared<Result> {
  readonly before: Result
  readonly now: Result
}

const DAY_SECONDS = 86_400

interface Run {
  readonly scenario: Scenario
  readonly way: FleetOptions['way']
  readonly policy?: Partial<Policy>
  readonly seed?: number
  readonly limits?: Partial<Pick<FleetOptions, 'maxWorkers' | 'horizonSeconds'>>
  /** The old rules; absent: those that are deployed. */
  readonly openOld?: ((setup: FleetDeps) => Fleet) | undefined
}

const runWith = ({ scenario, way, policy = {}, seed = 1, limits = {}, openOld }: Run) => {
  const options = fleetOptions(scenario, { way, policy: { ...DEPLOYED, ...policy }, seed })
  const openFleet = openOld === undefined ? undefined : (_: unknown, setup: FleetDeps) => openOld(setup)
  return runFleet({ ...options, ...limits }, openFleet)
}

const alarms =
  (reading: AlarmReading) =>
  (setup: FleetDeps): Fleet =>
    openAlarmScaledFleet(setup, reading)

/** ECS, scaled by metrics that come a minute late, with CloudWatch's documented FILL. */
export const compareLateMetrics = (scenario: Scenario): Compared<Outcome> => ({
  before: outcomeOf(runWith({ scenario, way: 'ecs', openOld: alarms(DOCUMENTED) })),
  now: outcomeOf(runWith({ scenario, way: 'ecs' })),
})

/** The same, if FILL waits until a minute is published. One outcome of each seed. */
export const compareMissingAsZero = (scenario: Scenario): Compared<readonly Outcome[]> => ({
  before: SEEDS.map((seed) =>
    outcomeOf(runWith({ scenario, way: 'ecs', seed, openOld: alarms(FILL_WAITS) })),
  ),
  now: SEEDS.map((seed) => outcomeOf(runWith({ scenario, way: 'ecs', seed }))),
})

export interface FailedStarts {
  /** Worker jobs that failed within nine minutes of the first. */
  readonly inNineMinutes: number
  readonly inFirstDay: number
  /** Hours of all machines in the first day. */
  readonly machineHours: number
}

/** A day of AWS Batch after a deployment whose workers end as soon as they have started. Four workers, the default. */
export const compareFailedStarts = (): Compared<FailedStarts> => {
  const failing = (openOld?: Run['openOld']): FailedStarts => {
    const run = runWith({
      ...{ scenario: SCENARIOS.tenThousand, way: 'batch', openOld },
      policy: { workersFail: true, proven: false },
      limits: { maxWorkers: 4, horizonSeconds: DAY_SECONDS },
    })
    const failedAt = run.machines.all.flatMap(({ past }) => past.map(({ readyAt }) => readyAt))
    const first = Math.min(...failedAt)
    return {
      inNineMinutes: failedAt.filter((at) => at - first < 9 * 60).length,
      inFirstDay: failedAt.filter((at) => at < DAY_SECONDS).length,
      machineHours: outcomeOf(run).machineHours,
    }
  }
  return { before: failing(openEveryMinuteFleet), now: failing() }
}

const RENEWING: WorkerRules = {
  openProtection: (protect, clock) => openRenewingProtection({ protect, clock }),
  lifeSeconds: null,
}

const DRAINING: WorkerRules = {
  openProtection: (protect, clock, onBlocked) =>
    openTaskProtection({
      ...{ protect, clock, onBlocked, random: seededRandom(1), onEvent: () => {} },
      silentSeconds: 40 * 60,
    }),
  lifeSeconds: WORKER_LIFE.seconds,
}

/** A deployment on ECS during a backlog. */
export const compareDeployments = async (reading: RenewalReading): Promise<Compared<DeploymentOutcome>> => ({
  before: await runDeployment(RENEWING, reading),
  now: await runDeployment(DRAINING, reading),
})

/** Machine hours that the deployed rules may spend a day: a machine counts a dollar an hour. */
export const HOURS_A_DAY = { backlog: 20, failing: 3 } as const

/**
 * Machine hours of the first day with 10,000 clips at once: by the old rules, which had no limit, and with one. The service
 * of ECS is scaled by the reading of CloudWatch that favours the old rules, because it would not wake by the documented one.
 */
export const compareSpend = (way: FleetOptions['way'], load: keyof typeof HOURS_A_DAY): Compared<number> => {
  const hours = (maxUsdPerDay: number | null, openOld?: Run['openOld']): number => {
    const run = runWith({
      ...{ scenario: SCENARIOS.tenThousand, way, openOld },
      policy: { workersFail: load === 'failing', maxUsdPerDay },
      limits: { horizonSeconds: DAY_SECONDS },
    })
    return outcomeOf(run).machineHours
  }
  return {
    before: way === 'batch' ? hours(null, openEveryMinuteFleet) : hours(null, alarms(OLD_EVALUATOR)),
    now: hours(HOURS_A_DAY[load]),
  }
}
