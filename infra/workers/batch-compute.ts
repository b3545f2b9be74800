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
import { instanceTypeOf } from '../../shared/fleet/instance-types.ts'
import { acknowledge } from '../acknowledge.ts'
import type { DeploymentConfig } from '../config/deployment-config.ts'
import { gpuLaunchTemplate, gpusPerInstance } from './gpu-instances.ts'
import { INSTANCE_STORE_COMMANDS } from './instance-store.ts'
import type { WorkerFleetProps } from './worker-fleet.ts'

/** vCPUs of the machines that the most workers need, on the largest type there is. */
const maxVcpus = ({ instanceTypes, maxWorkers }: DeploymentConfig): number => {
  const machines = Math.ceil(maxWorkers / gpusPerInstance(instanceTypes))
  return machines * Math.max(...instanceTypes.map((name) => instanceTypeOf(name).vcpus))
}

/**
 * Machines that AWS Batch starts and ends by itself, down to none: Spot first, and On-Demand where there is no Spot.
 */
export class BatchCompute extends Construct {
  readonly queue: JobQueue

  constructor(scope: Construct, id: string, { config, network }: WorkerFleetProps) {
    super(scope, id)
    const userData = new MultipartUserData()
    const commands = UserData.forLinux()
    commands.addCommands(...INSTANCE_STORE_COMMANDS)
    userData.addPart(MultipartBody.fromUserData(commands))
    const launchTemplate = gpuLaunchTemplate(this, 'Instance', { userData })
    const instanceRole = new Role(this, 'InstanceRole', {
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
      managedPolicies: [
        ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonEC2ContainerServiceforEC2Role'),
      ],
    })
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
      instanceTypes: config.instanceTypes.map((type) => new InstanceType(type)),
      images: [{ imageType: EcsMachineImageType.ECS_AL2023_NVIDIA }],
      spot,
      allocationStrategy: spot
        ? AllocationStrategy.SPOT_PRICE_CAPACITY_OPTIMIZED
        : AllocationStrategy.BEST_FIT_PROGRESSIVE,
      // A change replaces machines that are busy: their workers hand back what they hold.
      terminateOnUpdate: false,
      updateTimeout: Duration.hours(1),
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
