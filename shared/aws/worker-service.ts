import { DescribeServicesCommand, type ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs'
import type { WorkerService } from '../ports/worker-service.ts'
import { abortable } from './abortable.ts'
import { answered } from './answered.ts'

export interface WorkerServiceOptions {
  readonly client: ECSClient
  /** Names or ARNs. */
  readonly cluster: string
  readonly service: string
}

/** A service that is being deleted is `DRAINING`, and `INACTIVE` afterwards (ECS API reference, Service). */
const ACTIVE = 'ACTIVE'
/** "The most recent deployment of a service"; earlier ones that still have tasks are `ACTIVE` (ECS API reference, Deployment). */
const PRIMARY = 'PRIMARY'

/** Needs `ecs:DescribeServices` and `ecs:UpdateService`, both on the service. */
export const openWorkerService = ({ client, cluster, service }: WorkerServiceOptions): WorkerService => ({
  read: (signal) =>
    abortable(signal, async () => {
      const command = new DescribeServicesCommand({ cluster, services: [service] })
      const { services = [] } = await client.send(command, { abortSignal: signal })
      const [found] = services
      if (found === undefined || found.status !== ACTIVE) return null
      const deployments = answered(found.deployments, 'deployments')
      const primary = answered(
        deployments.find(({ status }) => status === PRIMARY),
        'a primary deployment',
      )
      const older = deployments.filter(({ status }) => status !== PRIMARY)
      return {
        desired: answered(found.desiredCount, 'desiredCount'),
        deploymentId: answered(primary.id, 'the id of the primary deployment'),
        running: answered(primary.runningCount, 'runningCount'),
        pending: answered(primary.pendingCount, 'pendingCount'),
        olderRunning: older.reduce((sum, { runningCount = 0 }) => sum + runningCount, 0),
      }
    }),

  setDesired: (count, signal) =>
    abortable(signal, async () => {
      const command = new UpdateServiceCommand({ cluster, service, desiredCount: count })
      await client.send(command, { abortSignal: signal })
    }),
})
