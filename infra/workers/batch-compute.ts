import { Duration } from 'aws-cdk-lib'
import {
  AllocationStrategy,
  type CfnComputeEnvironment,
  EcsMachineImageType,
  type IManagedEc2EcsComputeEnvironment,
  JobQueue,
  ManagedEc2EcsComputeEnvironment,
} from 'aws-cdk-lib/aws-batch'
import {
  InstanceType,
  type LaunchTemplate,
  MultipartBody,
  MultipartUserData,
  UserData,
} from 'aws-cdk-lib/aws-ec2'
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Construct } from 'constructs'
import { machineOf, type WorkerDevice } from '../../shared/fleet/machine-types.ts'
import { acknowledge } from '../acknowledge.ts'
import type { DeploymentConfig } from '../config/deployment-config.ts'
import { INSTANCE_STORE_COMMANDS } from './instance-store.ts'
import { amiDateLine } from './machine-image.ts'
import { acknowledgeSessionManager, sessionManagerPolicies } from './session-manager.ts'
import type { WorkerFleetProps } from './worker-fleet.ts'
import { WORKER_LIFE } from './worker-life.ts'
import { workerLaunchTemplate } from './worker-machines.ts'
import { workersPerInstance } from './worker-share.ts'

const IMAGE_TYPES = {
  cuda: EcsMachineImageType.ECS_AL2023_NVIDIA,
  cpu: EcsMachineImageType.ECS_AL2023,
} as const satisfies Record<WorkerDevice, EcsMachineImageType>

/**
 * A change of machines lets the jobs that run end, for so long: a worker ends by itself before, between two clips. Then
 * Batch ends those that are left.
 */
const UPDATE = Duration.seconds(WORKER_LIFE.seconds + WORKER_LIFE.longestClipSeconds)

/** vCPUs of the machines that the most workers need, on the largest type there is. */
const maxVcpus = ({ instanceTypes, maxWorkers }: DeploymentConfig): number => {
  const machines = Math.ceil(maxWorkers / workersPerInstance(instanceTypes))
  return machines * Math.max(...instanceTypes.map((type) => machineOf(type).vcpus))
}

/**
 * Machines that AWS Batch starts and ends by itself, down to none: Spot first, and On-Demand where there is no Spot. "If the
 * first compute environment has a status of INVALID or can't provide a suitable compute resource, the scheduler attempts
 * to run the job on the next compute environment" (AWS Batch user guide, "Compute environments"). A job waits for
 * capacity where "all connected compute environments have insufficient capacity errors" ("Jobs stuck in RUNNABLE").
 */
export class BatchCompute extends Construct {
  readonly queue: JobQueue

  constructor(scope: Construct, id: string, { config, network }: WorkerFleetProps) {
    super(scope, id)
    const userData = new MultipartUserData()
    const commands = UserData.forLinux()
    commands.addCommands(amiDateLine(config.amiDate), ...INSTANCE_STORE_COMMANDS)
    userData.addPart(MultipartBody.fromUserData(commands))
    const launchTemplate = workerLaunchTemplate(this, 'Instance', { config, userData })
    const instanceRole = new Role(this, 'InstanceRole', {
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
      managedPolicies: [
        ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonEC2ContainerServiceforEC2Role'),
        ...sessionManagerPolicies(config),
      ],
    })
    acknowledgeSessionManager(instanceRole, config)
    acknowledge(instanceRole, {
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role]':
        "AWS Batch makes the cluster itself, so that no policy of ours can name it; this is the one that AWS's documents ask for.",
    })
    const compute = (name: string, spot: boolean): IManagedEc2EcsComputeEnvironment =>
      this.compute(name, spot, { config, network, launchTemplate, instanceRole })
    const environments =
      config.onDemandPercent === 100
        ? [compute('OnDemand', false)]
        : [compute('Spot', true), compute('OnDemand', false)]
    this.queue = new JobQueue(this, 'Queue', {
      computeEnvironments: environments.map((computeEnvironment, i) => ({
        computeEnvironment,
        order: i + 1,
      })),
    })
  }

  private compute(
    name: string,
    spot: boolean,
    props: Pick<WorkerFleetProps, 'config' | 'network'> & {
      readonly launchTemplate: LaunchTemplate
      readonly instanceRole: Role
    },
  ): ManagedEc2EcsComputeEnvironment {
    const { config, network, launchTemplate, instanceRole } = props
    const environment = new ManagedEc2EcsComputeEnvironment(this, name, {
      vpc: network.vpc,
      vpcSubnets: network.subnets,
      securityGroups: [network.workers],
      minvCpus: 0,
      maxvCpus: maxVcpus(config),
      useOptimalInstanceClasses: false,
      instanceTypes: config.instanceTypes.map((type) => new InstanceType(machineOf(type).name)),
      images: [{ imageType: IMAGE_TYPES[config.device] }],
      spot,
      allocationStrategy: spot
        ? AllocationStrategy.SPOT_PRICE_CAPACITY_OPTIMIZED
        : AllocationStrategy.BEST_FIT_PROGRESSIVE,
      terminateOnUpdate: false,
      updateTimeout: UPDATE,
      updateToLatestImageVersion: true,
      ...{ launchTemplate, instanceRole },
    })
    // Batch takes the template's default version, which stays the first however often it is changed.
    const resource = environment.node.defaultChild as CfnComputeEnvironment
    resource.addPropertyOverride(
      'ComputeResources.LaunchTemplate.Version',
      launchTemplate.latestVersionNumber,
    )
    return environment
  }
}
