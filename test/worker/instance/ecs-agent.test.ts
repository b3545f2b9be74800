import { expect, test } from 'vitest'
import { openTaskProtectionEndpoint } from '../../../worker/instance/ecs-agent.ts'
import { type Answer, openScriptedEndpoint } from '../../fixtures/scripted-endpoint.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

const TASK = 'arn:aws:ecs:eu-west-1:111122223333:task/workers/1234567890abcdef0'

const json = (status: number, body: unknown): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

const protection = { ProtectionEnabled: true, ExpirationDate: '2026-01-01T01:00:00Z', TaskArn: TASK }

const ask = async (answer: Answer, minutes: number | null = 60) => {
  const { url, requests } = await openScriptedEndpoint(() => answer)
  const protect = openTaskProtectionEndpoint(`${url}/api/container-1`, fetch)
  return { requests, answer: protect(minutes, unaborted) }
}

test.each([
  [60, { ProtectionEnabled: true, ExpiresInMinutes: 60 }],
  [null, { ProtectionEnabled: false }],
])('protect(%s) sends the documented PUT request with the body %j', async (minutes, body) => {
  const { requests, answer } = await ask(json(200, { protection }), minutes)

  expect(await answer).toBe('done')
  expect(requests).toMatchObject([
    {
      method: 'PUT',
      url: '/api/container-1/task-protection/v1/state',
      headers: { 'content-type': 'application/json' },
    },
  ])
  expect(JSON.parse(requests[0]?.body ?? '')).toEqual(body)
})

test.each([
  ['a task that no service started cannot be protected', 'TASK_NOT_VALID', 'no-service'],
  [
    'a task that a deployment waits for cannot be protected any longer',
    'DEPLOYMENT_BLOCKED',
    'deployment-blocked',
  ],
])('%s', async (_, reason, expected) => {
  const failure = { Arn: TASK, Detail: null, Reason: reason }

  expect(await (await ask(json(200, { failure }))).answer).toBe(expected)
})

test.each<[string, Answer, string]>([
  [
    'a failure with another reason',
    json(200, { failure: { Arn: TASK, Detail: 'try later', Reason: 'MISSING' } }),
    'MISSING: try later',
  ],
  [
    'a role without the right',
    json(400, {
      requestID: 'request-1',
      error: { Arn: TASK, Code: 'AccessDeniedException', Message: 'is not authorized' },
    }),
    'AccessDeniedException: is not authorized',
  ],
  [
    'a throttled request',
    json(400, { error: { Code: 'ThrottlingException', Message: 'Rate exceeded' } }),
    'ThrottlingException: Rate exceeded',
  ],
  ['an answer that is not JSON', { status: 502, body: '<html>' }, 'the ECS agent answered 502: <html>'],
  ['an empty answer', json(200, {}), 'the ECS agent answered 200: {}'],
  ['a connection that the agent closes', 'lost', 'fetch failed'],
])('%s is an error that quotes the reason', async (_, answer, message) => {
  await expect((await ask(answer)).answer).rejects.toThrow(message)
})
