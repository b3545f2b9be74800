import { Duration, RemovalPolicy, Size } from 'aws-cdk-lib'
import {
  Action,
  EcsEc2ContainerDefinition,
  EcsJobDefinition,
  EcsVolume,
  Reason,
  RetryStrategy,
} from 'aws-cdk-lib/aws-batch'
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { acknowledge } from '../acknowledge.ts'
import { giveRights } from '../permissions/objects.ts'
import { workerPermissions } from '../permissions/worker-permissions.ts'
import { DISPATCH } from '../scaling/scaling-policy.ts'
import { BatchCompute } from './batch-compute.ts'
import { WORKER_UID, WORKER_VOLUMES } from './instance-store.ts'
import { workerEnvironment } from './worker-environment.ts'
import type { WorkerFleetProps } from './worker-fleet.ts'
import { workerImage } from './worker-image.ts'
import { WORKER_LIFE } from './worker-life.ts'
import { workerLog } from './worker-log.ts'
import { leastShare } from './worker-share.ts'

/** Batch kills a job 30 s after it asked it to go. */
const DRAIN_SECONDS = 25
/** Reclaims that one worker job survives; its clips are in the queue in any case. */
const RECLAIMS = 5
/** Batch ends by force what works on: it would be a failure, and cost the clip in hand. */
const LONGEST = Duration.hours(24)

/** Workers as jobs of AWS Batch, each with a GPU, or with a machine that has none. Who starts them: functions/dispatch. */
export class BatchWorkers extends Construct {
  readonly compute: BatchCompute
  readonly job: EcsJobDefinition

  constructor(scope: Construct, id: string, props: WorkerFleetProps) {
    super(scope, id)
    const { config, buckets, jobs } = props
    this.compute = new BatchCompute(this, 'Compute', props)
    const logGroup = new LogGroup(this, 'Log', {
      retention: config.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const jobRole = new Role(this, 'JobRole', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') })
    giveRights(jobRole, workerPermissions(props), [buckets.output, buckets.models])
    const { vcpus, memoryMib } = leastShare(config.instanceTypes)
    const container = new EcsEc2ContainerDefinition(this, 'Container', {
      image: workerImage(this, config),
      ...(config.device === 'cuda' ? { gpu: 1 } : {}),
      cpu: vcpus,
      memory: Size.mebibytes(memoryMib),
      command: ['worker'],
      environment: {
        ...workerEnvironment({ buckets, jobs }, config),
        SVD_DRAIN_SECONDS: `${DRAIN_SECONDS}`,
        // Any that is free: Batch asks nobody, and workers of one machine share its network.
        SVD_HEALTH_PORT: '0',
        SVD_MAX_SECONDS: `${WORKER_LIFE.seconds}`,
        SVD_UNTIL_IDLE: `${DISPATCH.untilIdleSeconds}`,
      },
      jobRole,
      user: `${WORKER_UID}:${WORKER_UID}`,
      readonlyRootFilesystem: true,
      volumes: WORKER_VOLUMES.map(({ name, containerPath, hostPath }) =>
        EcsVolume.host({ name, containerPath, ...(hostPath === null ? {} : { hostPath }) }),
      ),
      logging: workerLog(logGroup),
    })
    acknowledge(container.executionRole, {
      'AwsSolutions-IAM5[Resource::*]': 'ecr:GetAuthorizationToken knows no resources.',
    })
    this.job = new EcsJobDefinition(this, 'Worker', {
      container,
      retryAttempts: RECLAIMS,
      retryStrategies: [
        RetryStrategy.of(Action.RETRY, Reason.SPOT_INSTANCE_RECLAIMED),
        // A worker that gave up says why in its log; the dispatcher starts another if there is need.
        RetryStrategy.of(Action.EXIT, Reason.custom({ onReason: '*' })),
      ],
      timeout: LONGEST,
    })
  }
}
