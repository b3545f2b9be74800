import { expect, onTestFinished, test } from 'vitest'
import { openEcsClient } from '../../../shared/aws/ecs-client.ts'
import { openWorkerService } from '../../../shared/aws/worker-service.ts'
import { openScriptedEndpoint, type ScriptedRequest } from '../../fixtures/scripted-endpoint.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

/** The adapter to a scripted ECS. */
const aService = async (answer: unknown) => {
  const endpoint = await openScriptedEndpoint(() => ({
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: JSON.stringify(answer),
  }))
  const client = openEcsClient({
    ...{ endpoint: endpoint.url, region: 'eu-west-1' },
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  onTestFinished(() => client.destroy())
  const service = openWorkerService({ client, cluster: 'svd', service: 'worker' })
  return { service, requests: endpoint.requests }
}

const actionOf = ({ headers }: ScriptedRequest) => String(headers['x-amz-target']).split('.')[1]

const PRIMARY = { id: 'ecs-svc/2', status: 'PRIMARY', desiredCount: 3, runningCount: 1, pendingCount: 2 }
const OLDER = { id: 'ecs-svc/1', status: 'ACTIVE', desiredCount: 0, runningCount: 2, pendingCount: 0 }

test('the ECS service has the tasks of its primary deployment apart from those of earlier ones', async () => {
  const { service, requests } = await aService({
    services: [
      { status: 'ACTIVE', desiredCount: 3, runningCount: 3, pendingCount: 2, deployments: [OLDER, PRIMARY] },
    ],
  })

  expect(await service.read(unaborted)).toEqual({
    ...{ desired: 3, deploymentId: 'ecs-svc/2', running: 1, pending: 2, olderRunning: 2 },
  })
  expect(requests.map(actionOf)).toEqual(['DescribeServices'])
  expect(JSON.parse(requests[0]?.body ?? '')).toEqual({ cluster: 'svd', services: ['worker'] })
})

test.each(['DRAINING', 'INACTIVE'])('an ECS service with the status %s is null', async (status) => {
  const { service } = await aService({ services: [{ status, desiredCount: 0, deployments: [] }] })

  expect(await service.read(unaborted)).toBeNull()
})

test('an ECS service that ECS does not know is null', async () => {
  const { service } = await aService({ services: [], failures: [{ reason: 'MISSING' }] })

  expect(await service.read(unaborted)).toBeNull()
})

test('setDesired changes only the desired count of the ECS service', async () => {
  const { service, requests } = await aService({ service: {} })

  await service.setDesired(0, unaborted)

  expect(requests.map(actionOf)).toEqual(['UpdateService'])
  expect(JSON.parse(requests[0]?.body ?? '')).toEqual({ cluster: 'svd', service: 'worker', desiredCount: 0 })
})
