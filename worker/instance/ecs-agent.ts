import { z } from 'zod'

/*
 * What a container of an ECS task asks of its agent, at the address that the agent gives it as ECS_AGENT_URI:
 *
 *   PUT /task-protection/v1/state   {"ProtectionEnabled": true, "ExpiresInMinutes": 1 to 2880}, or {"ProtectionEnabled": false}
 *     200 {"protection": {"ProtectionEnabled": …, "ExpirationDate": …, "TaskArn": …}}    done
 *     200 {"failure": {"Reason": "TASK_NOT_VALID" | "DEPLOYMENT_BLOCKED" | …, "Detail": …}}    ECS would not
 *     4xx, 5xx {"error": {"Code": …, "Message": …}}    the agent, or its call of ecs:UpdateTaskProtection
 *
 * Sources: ECS developer guide, "task scale-in protection endpoint"; amazon-ecs-agent, tmds/handlers/taskprotection.
 */

/**
 * ECS's answer to a request for protection.
 * - `done`: the task is protected, or not any more, as it was asked for.
 * - `no-service`: no service started this task, so that it cannot be protected.
 * - `deployment-blocked`: "the service has more protected tasks than the desired count of tasks for the service". A
 *   deployment or a scale-in waits until protected tasks end (ECS developer guide, "Protect your Amazon ECS tasks from
 *   being terminated by scale-in events"). Protection that was given before stays until it expires.
 */
export type TaskProtectionAnswer = 'done' | 'no-service' | 'deployment-blocked'

/**
 * Protects this task from scale-in for so many minutes from now, also where it is protected already; `null` takes the
 * protection away. Throws what kept the agent from an answer.
 */
export type ProtectTask = (minutes: number | null, signal: AbortSignal) => Promise<TaskProtectionAnswer>

const ANSWERS_OF_FAILURES: Readonly<Record<string, TaskProtectionAnswer>> = {
  TASK_NOT_VALID: 'no-service',
  DEPLOYMENT_BLOCKED: 'deployment-blocked',
}

const answerSchema = z.union([
  z.object({ protection: z.object({ ProtectionEnabled: z.boolean() }) }),
  z.object({ failure: z.object({ Reason: z.string(), Detail: z.string().nullish() }) }),
  z.object({ error: z.object({ Code: z.string(), Message: z.string() }) }),
])

export const openTaskProtectionEndpoint =
  (agentUri: string, fetch: typeof globalThis.fetch): ProtectTask =>
  async (minutes, signal) => {
    const asked =
      minutes === null ? { ProtectionEnabled: false } : { ProtectionEnabled: true, ExpiresInMinutes: minutes }
    const response = await fetch(`${agentUri}/task-protection/v1/state`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(asked),
      signal,
    })
    const text = await response.text()
    const answer = answerSchema.safeParse(parseJson(text)).data
    if (answer === undefined)
      throw new Error(`the ECS agent answered ${response.status}: ${text.slice(0, 200)}`)
    if ('error' in answer) throw new Error(`${answer.error.Code}: ${answer.error.Message}`)
    if ('protection' in answer) return 'done'
    const { Reason, Detail } = answer.failure
    const known = ANSWERS_OF_FAILURES[Reason]
    if (known !== undefined) return known
    throw new Error(Detail ? `${Reason}: ${Detail}` : Reason)
  }

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
