import type { Clock } from '../jobs/clock.ts'
import { openTaskProtectionEndpoint } from '../queue/ecs-agent.ts'
import {
  openTaskProtection,
  type TaskProtection,
  type TaskProtectionOptions,
} from '../queue/task-protection.ts'

export interface EcsTaskOptions extends Pick<TaskProtectionOptions, 'onEvent'> {
  readonly clock: Clock
  /** After so long without a sign a renderer is killed. */
  readonly stallSeconds: number
}

/** From a renderer's last sign to the next of its job, or of another one. */
const SIGN_MARGIN_SECONDS = 600

/** Null: this is no task of ECS, or one of AWS Batch's, which belong to no service and are not scaled in. */
export const openEcsTask = (
  environment: Readonly<Record<string, string | undefined>>,
  { clock, stallSeconds, onEvent }: EcsTaskOptions,
): TaskProtection | null => {
  const agentUri = environment['ECS_AGENT_URI'] || null
  if (agentUri === null || environment['AWS_BATCH_JOB_ID']) return null
  return openTaskProtection({
    protect: openTaskProtectionEndpoint(agentUri, fetch),
    clock,
    random: Math.random,
    silentSeconds: stallSeconds + SIGN_MARGIN_SECONDS,
    onEvent,
  })
}
