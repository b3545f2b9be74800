import {
  CreateClusterCommand,
  CreateServiceCommand,
  DeleteServiceCommand,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import { afterAll, describe } from 'vitest'
import { openEcsClient } from '../../../shared/aws/ecs-client.ts'
import { openWorkerService } from '../../../shared/aws/worker-service.ts'
import { openMemoryWorkerService } from '../../fixtures/memory-worker-service.ts'
import { openMoto } from './open-moto.ts'
import { type ServiceOfContract, workerServiceContract } from './worker-service-contract.ts'

describe('in memory', () => {
  workerServiceContract(async (desired) => {
    const service = openMemoryWorkerService({ desired })
    return { service, deploy: async () => service.deploy(), remove: async () => service.remove() }
  })
})

const moto = await openMoto()
afterAll(() => moto?.[Symbol.asyncDispose]())

const title = `on moto${moto === null ? ' (skipped: neither SVD_PYTHON nor the PATH has moto’s server)' : ''}`
describe.skipIf(moto === null)(title, () => {
  let made = 0

  const open = async (desired: number): Promise<ServiceOfContract> => {
    const endpoint = await moto?.endpoint?.sqs.config.endpoint?.()
    if (endpoint === undefined) throw new Error('skipped')
    const { protocol, hostname, port } = endpoint
    const client = openEcsClient({
      ...{ endpoint: `${protocol}//${hostname}:${port}`, region: 'us-east-1' },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    })
    const cluster = `cluster-${++made}`
    const service = 'worker'
    const taskDefinition = async (): Promise<string> => {
      const containerDefinitions = [{ name: 'worker', image: 'worker', memory: 128 }]
      const family = `worker-${made}`
      const registered = await client.send(
        new RegisterTaskDefinitionCommand({ family, containerDefinitions }),
      )
      return `${registered.taskDefinition?.taskDefinitionArn}`
    }
    await client.send(new CreateClusterCommand({ clusterName: cluster }))
    await client.send(
      new CreateServiceCommand({
        ...{ cluster, serviceName: service, desiredCount: desired },
        taskDefinition: await taskDefinition(),
      }),
    )
    return {
      service: openWorkerService({ client, cluster, service }),
      async deploy() {
        const changed = { cluster, service, taskDefinition: await taskDefinition() }
        // moto makes another deployment when it is forced to, ECS with each task definition.
        await client.send(new UpdateServiceCommand({ ...changed, forceNewDeployment: true }))
      },
      async remove() {
        await client.send(new DeleteServiceCommand({ cluster, service, force: true }))
      },
    }
  }

  workerServiceContract(open)
})
