import type { Clock } from '../jobs/clock.ts'
import { openTaskProtectionEndpoint } from '../queue/ecs-agent.ts'
import {
  openTaskProtection,
  type TaskProtection,
  type TaskProtectionOptions,
} from '../queue/task-protection.ts'
import { FIRST_RUN_ALLOWANCE_MS } from '../renderer/running-job.ts'

export interface EcsTaskOptions extends Pick<TaskProtectionOptions, 'onEvent' | 'onBlocked'> {
  readonly clock: Clock
  /** After so long without a sign a renderer is killed; in a session's first run later. */
  readonly stallSeconds: number
}

/** From a renderer's last sign to the next of its job, or of another one. */
const SIGN_MARGIN_SECONDS = 600

/** How long a worker may be silent that has a renderer with this limit: longer than any renderer is let live in silence. */
export const silentSecondsOf = (stallSeconds: number): number =>
  stallSeconds + FIRST_RUN_ALLOWANCE_MS / 1000 + SIGN_MARGIN_SECONDS

/** Null: this is no task of ECS, or one of AWS Batch's, which belong to no service and are not scaled in. */
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
