import type { Clock } from '../../../shared/clock.ts'
import { openTaskProtectionEndpoint } from '../../instance/ecs-agent.ts'
import {
  openTaskProtection,
  type TaskProtection,
  type TaskProtectionOptions,
} from '../../instance/task-protection.ts'
import { FIRST_RUN_ALLOWANCE_MS } from '../../renderer/running-job.ts'

export interface EcsTaskOptions extends Pick<TaskProtectionOptions, 'onEvent' | 'onBlocked'> {
  readonly clock: Clock
  /** Seconds without a sign of life after which a renderer is killed; in a session's first run later. */
  readonly stallSeconds: number
}

/** Allowance for the time from a renderer's last sign of life to the next sign of its job, or of another one. */
const SIGN_MARGIN_SECONDS = 600

/** Seconds for which a worker's jobs may give no sign. Longer than any renderer may be silent before it is killed. */
export const silentSecondsOf = (stallSeconds: number): number =>
  stallSeconds + FIRST_RUN_ALLOWANCE_MS / 1000 + SIGN_MARGIN_SECONDS

/**
 * Opens the protection of this ECS task; `null` if it is not an ECS task, or one of AWS Batch, whose tasks belong to
 * no service and are not scaled in.
 */
export const openEcsTask = (
  environment: Readonly<Record<string, string | undefined>>,
  { clock, stallSeconds, onEvent, onBlocked }: EcsTaskOptions,
): TaskProtection | null => {
  const agentUri = environment['ECS_AGENT_URI'] || null
  if (agentUri === null || environment['AWS_BATCH_JOB_ID']) return null
  return openTaskProtection({
    protect: openTaskProtectionEndpoint(agentUri, fetch),
    clock,
    random: Math.random,
    silentSeconds: silentSecondsOf(stallSeconds),
    onEvent,
    onBlocked,
  })
}
