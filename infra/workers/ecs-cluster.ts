import { Duration, Stack } from 'aws-cdk-lib'
import {
  AutoScalingGroup,
  GroupMetric,
  GroupMetrics,
  OnDemandAllocationStrategy,
  SpotAllocationStrategy,
} from 'aws-cdk-lib/aws-autoscaling'
import { InstanceType, UserData } from 'aws-cdk-lib/aws-ec2'
import { AsgCapacityProvider, type CfnCluster, Cluster, ContainerInsights } from 'aws-cdk-lib/aws-ecs'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Construct } from 'constructs'
import { machineOf } from '../../shared/fleet/machine-types.ts'
import { acknowledge } from '../acknowledge.ts'
import { MANAGED_SCALING } from '../scaling/scaling-policy.ts'
import { INSTANCE_STORE_COMMANDS } from './instance-store.ts'
import { amiDateLine, ecsMachineImage } from './machine-image.ts'
import { acknowledgeSessionManager, sessionManagerPolicies } from './session-manager.ts'
import type { WorkerFleetProps } from './worker-fleet.ts'
import { workerLaunchTemplate } from './worker-machines.ts'
import { workersPerInstance } from './worker-share.ts'

const AGENT_SETTINGS = [
  // CDK says it for groups that are Spot alone.
  'ECS_ENABLE_SPOT_INSTANCE_DRAINING=true',
  // Logs are written with the task's rights, not the machine's.
  'ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true',
  'ECS_IMAGE_PULL_BEHAVIOR=prefer-cached',
] as const

/**
 * Machines for the workers: an Auto Scaling group of instances that ECS sizes. It starts one for a task that finds
 * none, and ends one only when no task has been on it for a quarter of an hour.
 */
export class EcsCluster extends Construct {
  readonly cluster: Cluster
  readonly group: AutoScalingGroup
  readonly capacity: AsgCapacityProvider

  constructor(scope: Construct, id: string, { config, network }: WorkerFleetProps) {
    super(scope, id)
    const { instanceTypes, onDemandBase, onDemandPercent, maxWorkers } = config
    this.cluster = new Cluster(this, 'Cluster', {
      vpc: network.vpc,
      containerInsightsV2: ContainerInsights.DISABLED,
    })
    acknowledge(this.cluster, {
      'AwsSolutions-ECS4':
        'Container Insights costs by the metric also while nothing runs. The queue, the Auto Scaling group and the workers themselves have what alarms and scaling need.',
    })
    const role = this.instanceRole(config)
    const userData = UserData.forLinux()
    userData.addCommands(
      amiDateLine(config.amiDate),
      ...INSTANCE_STORE_COMMANDS,
      ...AGENT_SETTINGS.map((setting) => `echo ${setting} >> /etc/ecs/ecs.config`),
    )
    const launchTemplate = workerLaunchTemplate(this, 'Instance', {
      config,
      machineImage: ecsMachineImage(config.device),
      securityGroup: network.workers,
      // As it is: CDK would add rights to every log and repository.
      role: role.withoutPolicyUpdates(),
      userData,
    })
    this.group = new AutoScalingGroup(this, 'Group', {
      vpc: network.vpc,
      vpcSubnets: network.subnets,
      minCapacity: 0,
      maxCapacity: Math.ceil(maxWorkers / workersPerInstance(instanceTypes)),
      mixedInstancesPolicy: {
        launchTemplate,
        launchTemplateOverrides: instanceTypes.map((type) => ({
          instanceType: new InstanceType(machineOf(type).name),
        })),
        instancesDistribution: {
          onDemandBaseCapacity: onDemandBase,
          onDemandPercentageAboveBaseCapacity: onDemandPercent,
          onDemandAllocationStrategy: OnDemandAllocationStrategy.PRIORITIZED,
          spotAllocationStrategy: SpotAllocationStrategy.PRICE_CAPACITY_OPTIMIZED,
        },
      },
      // Free of charge; the dashboard shows the first.
      groupMetrics: [new GroupMetrics(GroupMetric.DESIRED_CAPACITY, GroupMetric.IN_SERVICE_INSTANCES)],
      // A machine that is likely to go is replaced before it goes.
      capacityRebalance: true,
      defaultInstanceWarmup: Duration.seconds(0),
    })
    acknowledge(this.group, {
      'AwsSolutions-EC26': 'Its volumes are encrypted, in a launch template, where cdk-nag does not look.',
      'AwsSolutions-AS3':
        'Dispatch reports workers that do not come, for whatever reason; launches that go well are no news.',
    })
    this.capacity = new AsgCapacityProvider(this, 'Capacity', {
      autoScalingGroup: this.group,
      enableManagedScaling: true,
      targetCapacityPercent: MANAGED_SCALING.targetCapacityPercent,
      instanceWarmupPeriod: MANAGED_SCALING.instanceWarmupSeconds,
      enableManagedTerminationProtection: true,
      enableManagedDraining: true,
    })
    this.cluster.addAsgCapacityProvider(this.capacity)
  }

  /**
   * Role of the agent, and of the containers too, because they reach the metadata service: they can do no more with
   * it than the agent does. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/instance_IAM_role.html
   */
  private instanceRole(config: WorkerFleetProps['config']): Role {
    const { cluster } = this
    const machines = Stack.of(this).formatArn({
      service: 'ecs',
      resource: 'container-instance',
      resourceName: `${cluster.clusterName}/*`,
    })
    const role = new Role(this, 'InstanceRole', {
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
      managedPolicies: [...sessionManagerPolicies(config)],
    })
    acknowledgeSessionManager(role, config)
    const allow = (actions: string[], resources: string[], conditions = {}): void => {
      role.addToPolicy(new PolicyStatement({ actions, resources, conditions }))
    }
    allow(['ecs:RegisterContainerInstance', 'ecs:DeregisterContainerInstance'], [cluster.clusterArn])
    allow(
      ['ecs:SubmitTaskStateChange', 'ecs:SubmitContainerStateChange', 'ecs:SubmitAttachmentStateChanges'],
      [cluster.clusterArn],
    )
    // With a Spot notice the agent takes its own machine out of service.
    allow(['ecs:UpdateContainerInstancesState'], [machines])
    allow(['ecs:Poll', 'ecs:StartTelemetrySession'], ['*'], {
      ArnEquals: { 'ecs:cluster': cluster.clusterArn },
    })
    allow(['ecs:DiscoverPollEndpoint'], ['*'])
    const clusterId = Stack.of(this).getLogicalId(cluster.node.defaultChild as CfnCluster)
    acknowledge(role, {
      'AwsSolutions-IAM5[Resource::*]': 'Calls of the agent that have no resource to name.',
      [`AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:container-instance/<${clusterId}>/*]`]:
        'The agent takes its machine, whose id is not known before, out of service; in this cluster alone.',
    })
    return role
  }
}
