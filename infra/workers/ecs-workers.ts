import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import {
  Capability,
  type CfnCluster,
  type ContainerDefinition,
  Ec2Service,
  Ec2TaskDefinition,
  LinuxParameters,
  NetworkMode,
} from 'aws-cdk-lib/aws-ecs'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { acknowledge } from '../acknowledge.ts'
import { giveRights } from '../permissions/objects.ts'
import { workerPermissions } from '../permissions/worker-permissions.ts'
import { EcsCluster } from './ecs-cluster.ts'
import { WORKER_UID, WORKER_VOLUMES } from './instance-store.ts'
import { workerEnvironment } from './worker-environment.ts'
import type { WorkerFleetProps } from './worker-fleet.ts'
import { workerImage } from './worker-image.ts'
import { WORKER_LIFE } from './worker-life.ts'
import { workerLog } from './worker-log.ts'
import { leastShare } from './worker-share.ts'

/** From SIGTERM to SIGKILL: the longest that ECS gives, and as long as a Spot notice. */
const STOP_SECONDS = 120
/**
 * Seconds from SIGTERM until a worker releases what it has not finished; the rest of `STOP_SECONDS` is for the release.
 */
const DRAIN_SECONDS = STOP_SECONDS - 10
/** Path of the health check in the image. A worker that is still fetching its model reports that it is healthy. */
const HEALTH_CHECK = '/opt/svd/worker/image/check-health.ts'
const START_SECONDS = 60
/** ECS counts a vCPU so. */
const CPU_UNITS_PER_VCPU = 1024

/** Mounts the volumes that a worker writes to; the rest of its file system is read-only. */
const mountVolumes = (container: ContainerDefinition): void => {
  for (const { name, containerPath } of WORKER_VOLUMES) {
    container.addMountPoints({ sourceVolume: name, containerPath, readOnly: false })
  }
}

/** Unique in its cluster, which has no other. A name of CloudFormation's would be known to dispatch too late. */
const SERVICE_NAME = 'worker'

/** Workers as a service of ECS, each with a GPU, or with a machine that has none. How many: functions/dispatch. */
export class EcsWorkers extends Construct {
  readonly machines: EcsCluster
  readonly service: Ec2Service
  /** By what dispatch knows the service, also before it is there. */
  readonly named: { readonly clusterName: string; readonly serviceName: string; readonly serviceArn: string }

  constructor(scope: Construct, id: string, props: WorkerFleetProps) {
    super(scope, id)
    const { config, buckets, jobs } = props
    this.machines = new EcsCluster(this, 'Machines', props)
    const { cluster, capacity } = this.machines
    const logGroup = new LogGroup(this, 'Log', {
      retention: config.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const task = new Ec2TaskDefinition(this, 'Task', {
      networkMode: NetworkMode.BRIDGE,
      volumes: WORKER_VOLUMES.map(({ name, hostPath }) =>
        hostPath === null ? { name } : { name, host: { sourcePath: hostPath } },
      ),
    })
    giveRights(task.taskRole, workerPermissions(props), [buckets.output, buckets.models])
    task.addToTaskRolePolicy(
      new PolicyStatement({
        actions: ['ecs:UpdateTaskProtection'],
        resources: [
          Stack.of(this).formatArn({
            service: 'ecs',
            resource: 'task',
            resourceName: `${cluster.clusterName}/*`,
          }),
        ],
      }),
    )
    const { vcpus, memoryMib } = leastShare(config.instanceTypes)
    const linuxParameters = new LinuxParameters(this, 'Linux')
    linuxParameters.dropCapabilities(Capability.ALL)
    const container = task.addContainer('Worker', {
      image: workerImage(this, config),
      // What a machine has one of: its GPU, or all its processors.
      ...(config.device === 'cuda' ? { gpuCount: 1 } : { cpu: vcpus * CPU_UNITS_PER_VCPU }),
      memoryReservationMiB: memoryMib,
      environment: {
        ...workerEnvironment({ buckets, jobs }, config),
        SVD_DRAIN_SECONDS: `${DRAIN_SECONDS}`,
        SVD_MAX_SECONDS: `${WORKER_LIFE.seconds}`,
      },
      user: `${WORKER_UID}:${WORKER_UID}`,
      readonlyRootFilesystem: true,
      linuxParameters,
      dockerSecurityOptions: ['no-new-privileges'],
      stopTimeout: Duration.seconds(STOP_SECONDS),
      healthCheck: {
        // ECS does not look at the image's own.
        command: ['CMD', 'node', HEALTH_CHECK],
        interval: Duration.seconds(30),
        timeout: Duration.seconds(10),
        retries: 3,
        startPeriod: Duration.seconds(START_SECONDS),
      },
      logging: workerLog(logGroup),
    })
    mountVolumes(container)
    this.service = new Ec2Service(this, 'Service', {
      cluster,
      serviceName: SERVICE_NAME,
      taskDefinition: task,
      capacityProviderStrategies: [{ capacityProvider: capacity.capacityProviderName, weight: 1 }],
      // Dispatch sets the desired count. "For existing services, if a desired count is not specified, it is omitted from the
      // operation" (CloudFormation, AWS::ECS::Service), so that an update leaves the workers alone. A new service is
      // created with one task, which dispatch takes back within a minute if nothing waits.
      // A new version waits for a GPU: the old worker goes first, when it is done with its job.
      minHealthyPercent: 0,
      maxHealthyPercent: 100,
      circuitBreaker: { enable: true, rollback: true },
      enableECSManagedTags: true,
    })
    // The cluster's own tie to the capacity provider is a resource: it is there before the service, and goes after it.
    this.service.node.addDependency(cluster)
    this.named = {
      clusterName: cluster.clusterName,
      serviceName: SERVICE_NAME,
      serviceArn: Stack.of(this).formatArn({
        ...{ service: 'ecs', resource: 'service' },
        resourceName: `${cluster.clusterName}/${SERVICE_NAME}`,
      }),
    }
    acknowledge(task.obtainExecutionRole(), {
      'AwsSolutions-IAM5[Resource::*]': 'ecr:GetAuthorizationToken knows no resources.',
    })
    acknowledge(task, {
      'AwsSolutions-ECS2': 'Names and addresses of this deployment are no secrets.',
      [`AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task/<${Stack.of(this).getLogicalId(cluster.node.defaultChild as CfnCluster)}>/*]`]:
        'A worker protects its own task, whose id is not known before; in this cluster alone.',
    })
  }
}
