import { durationText } from '../../../../infra/scaling/simulation/fleet-tables.ts'
import type { Outcome } from '../../../../infra/scaling/simulation/outcome.ts'
import { SCENARIOS } from '../../../../infra/scaling/simulation/scenarios.ts'
import {
  compareDeployments,
  compareFailedStarts,
  compareLateMetrics,
  compareMissingAsZero,
  compareSpend,
  type FailedStarts,
  HOURS_A_DAY,
} from './fault-runs.ts'
import { DEPLOYMENT_WORKERS, type DeploymentOutcome } from './rolling-deployment.ts'

export type FaultRow = readonly [load: string, before: string, now: string]

const doneText = ({ done, clips, firstClipSeconds, drainedSeconds }: Outcome): string => {
  if (done === 0) return `0 of ${clips} done in three days`
  const last = clips > 1 ? `, the last after ${durationText(drainedSeconds)}` : ''
  return `${done} of ${clips} done, the first after ${durationText(firstClipSeconds)}${last}`
}

const spanText = (outcomes: readonly Outcome[]): string => {
  const seconds = outcomes.map(({ drainedSeconds }) => drainedSeconds)
  const [least, most] = [Math.min(...seconds), Math.max(...seconds)].map(durationText)
  return least === most ? `done in ${least}` : `done in ${least} to ${most}`
}

const failedText = ({ inNineMinutes, inFirstDay, machineHours }: FailedStarts): string =>
  `${inNineMinutes} jobs fail in nine minutes, ${inFirstDay.toLocaleString('en')} in the day; ${machineHours.toFixed(0)} machine hours`

const deploymentText = ({ minutes, cutClips }: DeploymentOutcome): string =>
  minutes === null
    ? 'not over after three hours, when CloudFormation rolls it back'
    : `over in ${minutes.toFixed(0)} min; ${cutClips} of ${DEPLOYMENT_WORKERS} workers cut a clip`

const hoursText = (hours: number): string => `${hours.toFixed(0)} machine hours`

const spendRow = (way: 'batch' | 'ecs', load: keyof typeof HOURS_A_DAY, text: string): FaultRow => {
  const { before, now } = compareSpend(way, load)
  const name = way === 'batch' ? 'Batch' : 'ECS'
  return [
    `${name}: ${text}, and a limit of ${HOURS_A_DAY[load]} machine hours a day`,
    hoursText(before),
    hoursText(now),
  ]
}

/** Rows of the table in infra/README.md. */
export const readFaultRows = async (): Promise<readonly FaultRow[]> => {
  const late = (text: string, scenario: Parameters<typeof compareLateMetrics>[0]): FaultRow => {
    const { before, now } = compareLateMetrics(scenario)
    return [`ECS: ${text}, and metrics that come a minute late`, doneText(before), doneText(now)]
  }
  const zero = compareMissingAsZero(SCENARIOS.hundred)
  const failed = compareFailedStarts()
  const refused = await compareDeployments('refused')
  const granted = await compareDeployments('granted')
  return [
    late('one clip', SCENARIOS.one),
    late('100 clips', SCENARIOS.hundred),
    late('a clip every ten minutes', SCENARIOS.trickle),
    [
      'the same 100 clips, if `FILL` waited for late metrics, and arithmetic took missing ones for 0',
      spanText(zero.before),
      spanText(zero.now),
    ],
    [
      'Batch: four workers that fail at their start, for a day',
      failedText(failed.before),
      failedText(failed.now),
    ],
    [
      'ECS: a deployment during a backlog, if ECS answers `DEPLOYMENT_BLOCKED`',
      deploymentText(refused.before),
      deploymentText(refused.now),
    ],
    [
      'the same, if ECS goes on protecting the old tasks',
      deploymentText(granted.before),
      deploymentText(granted.now),
    ],
    spendRow('batch', 'backlog', '10,000 clips'),
    spendRow('ecs', 'backlog', '10,000 clips'),
    spendRow('batch', 'failing', '10,000 clips whose workers fail'),
    spendRow('ecs', 'failing', '10,000 clips whose workers fail'),
  ]
}
