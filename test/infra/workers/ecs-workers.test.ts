import { Match } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { WORKER_LIFE } from '../../../infra/workers/worker-life.ts'
import { DEFAULT_MACHINE_TYPES } from '../../../shared/fleet/machine-types.ts'
import { readWorkerSettings } from '../../../worker/cli/worker/settings.ts'
import { synthesize } from '../synthesized.ts'

const pipeline = (keys = {}) => synthesize({ compute: 'ec2', ...keys }).pipeline
const only = (type: string, keys = {}) => {
  const found = Object.values(pipeline(keys).findResources(type)).map(({ Properties }) => Properties)
  expect(found).toHaveLength(1)
  return found[0]
}
const container = (keys = {}) => only('AWS::ECS::TaskDefinition', keys).ContainerDefinitions[0]

describe('the machines of ECS', () => {
  test('are none without work, and at most as many as workers', () => {
    expect(only('AWS::AutoScaling::AutoScalingGroup')).toMatchObject({ MinSize: '0', MaxSize: '4' })
    expect(only('AWS::AutoScaling::AutoScalingGroup', { maxWorkers: '50' })).toMatchObject({ MaxSize: '50' })
  })

  test('are as many as their GPUs require', () => {
    const eight = { instanceTypes: 'p4d.24xlarge', maxWorkers: '20' }

    expect(only('AWS::AutoScaling::AutoScalingGroup', eight)).toMatchObject({ MaxSize: '3' })
  })

  test('are Spot first, of every configured type, by price and capacity', () => {
    const { LaunchTemplate, InstancesDistribution } = only(
      'AWS::AutoScaling::AutoScalingGroup',
    ).MixedInstancesPolicy

    expect(LaunchTemplate.Overrides).toEqual(
      DEFAULT_MACHINE_TYPES.cuda.map((InstanceType) => ({ InstanceType })),
    )
    expect(InstancesDistribution).toEqual({
      OnDemandAllocationStrategy: 'prioritized',
      OnDemandBaseCapacity: 0,
      OnDemandPercentageAboveBaseCapacity: 0,
      SpotAllocationStrategy: 'price-capacity-optimized',
    })
  })

  test('may be of a type that svd does not list, with the sizes that are given', () => {
    const keys = { instanceTypes: 'g7e.2xlarge:1:8:64' }

    const { Overrides } = only('AWS::AutoScaling::AutoScalingGroup', keys).MixedInstancesPolicy.LaunchTemplate
    expect(Overrides).toEqual([{ InstanceType: 'g7e.2xlarge' }])
    expect(container(keys).MemoryReservation).toBe(Math.floor(0.8 * 64 * 1024))
  })

  test('are On-Demand to the configured extent', () => {
    const keys = { onDemandBase: '2', onDemandPercent: '30' }

    expect(
      only('AWS::AutoScaling::AutoScalingGroup', keys).MixedInstancesPolicy.InstancesDistribution,
    ).toMatchObject({
      OnDemandBaseCapacity: 2,
      OnDemandPercentageAboveBaseCapacity: 30,
    })
  })

  test.each([
    ['cuda', '/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id'],
    ['cpu', '/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id'],
  ])("use AWS's own image for %s, which CloudFormation reads with the launch template", (device, name) => {
    const keys = { device, modelId: 'demo' }
    const { Parameters } = pipeline(keys).toJSON()

    expect(only('AWS::EC2::LaunchTemplate', keys).LaunchTemplateData.ImageId).toBe(`{{resolve:ssm:${name}}}`)
    // A parameter of the template would be read anew by every deploy.
    expect(JSON.stringify(Parameters)).not.toContain('optimized-ami')
  })

  test('are changed by another amiDate, and not by other keys', () => {
    const template = (keys = {}) => JSON.stringify(only('AWS::EC2::LaunchTemplate', keys))

    expect(template({ amiDate: '2026-11-30' })).toContain('# svd:amiDate 2026-11-30')
    expect(template({ amiDate: '2026-12-01' })).not.toBe(template({ amiDate: '2026-11-30' }))
    expect(template({ maxWorkers: 9 })).toBe(template())
  })

  test('are not replaced while they run workers when the launch template changes', () => {
    const [group] = Object.values(pipeline().findResources('AWS::AutoScaling::AutoScalingGroup'))

    expect(group?.['UpdatePolicy'] ?? {}).not.toHaveProperty('AutoScalingRollingUpdate')
    expect(group?.['UpdatePolicy'] ?? {}).not.toHaveProperty('AutoScalingReplacingUpdate')
  })

  test('require IMDSv2 tokens, serve them to containers, and encrypt their disk', () => {
    expect(only('AWS::EC2::LaunchTemplate').LaunchTemplateData).toMatchObject({
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
      BlockDeviceMappings: [{ Ebs: { Encrypted: true, VolumeType: 'gp3' } }],
    })
  })

  test('drain on a Spot notice, and have the right to do so', () => {
    const userData = JSON.stringify(only('AWS::EC2::LaunchTemplate').LaunchTemplateData.UserData)

    expect(userData).toContain('ECS_ENABLE_SPOT_INSTANCE_DRAINING=true')
    pipeline().hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([Match.objectLike({ Action: 'ecs:UpdateContainerInstancesState' })]),
      },
    })
  })

  test('are started and ended by ECS as tasks need them, but not while they run a task', () => {
    expect(only('AWS::ECS::CapacityProvider').AutoScalingGroupProvider).toMatchObject({
      ManagedScaling: { Status: 'ENABLED', TargetCapacity: 100 },
      ManagedTerminationProtection: 'ENABLED',
      ManagedDraining: 'ENABLED',
    })
    expect(only('AWS::AutoScaling::AutoScalingGroup')).toMatchObject({
      NewInstancesProtectedFromScaleIn: true,
      CapacityRebalance: true,
    })
  })

  test('are counted by metrics that are free of charge', () => {
    expect(only('AWS::AutoScaling::AutoScalingGroup').MetricsCollection).toEqual([
      { Granularity: '1Minute', Metrics: ['GroupDesiredCapacity', 'GroupInServiceInstances'] },
    ])
    expect(only('AWS::ECS::Cluster').ClusterSettings).toEqual([
      { Name: 'containerInsights', Value: 'disabled' },
    ])
  })
})

describe('a worker of ECS', () => {
  test('has a GPU of its own, and memory that fits the smallest machine', () => {
    const { ResourceRequirements, MemoryReservation } = container()

    expect(ResourceRequirements).toEqual([{ Type: 'GPU', Value: '1' }])
    expect(MemoryReservation).toBeLessThan(16 * 1024 - 1500)
    expect(MemoryReservation).toBeGreaterThan(12 * 1024)
  })

  test('runs as an unprivileged user and writes to two folders only', () => {
    expect(container()).toMatchObject({
      User: '10001:10001',
      ReadonlyRootFilesystem: true,
      DockerSecurityOptions: ['no-new-privileges'],
      LinuxParameters: { Capabilities: { Drop: ['ALL'] } },
      MountPoints: [
        { ContainerPath: '/var/cache/svd', SourceVolume: 'models', ReadOnly: false },
        { ContainerPath: '/var/lib/svd', SourceVolume: 'scratch', ReadOnly: false },
      ],
    })
    expect(container().Privileged).not.toBe(true)
  })

  test("keeps models on the machine's fast disk, and has scratch space of its own", () => {
    expect(only('AWS::ECS::TaskDefinition').Volumes).toEqual([
      { Name: 'models', Host: { SourcePath: '/mnt/svd/models' } },
      { Name: 'scratch' },
    ])
  })

  test('gets its queues, bucket and model, and watches Spot notices and price', () => {
    const environment = Object.fromEntries(
      container().Environment.map(({ Name, Value }: { Name: string; Value: unknown }) => [Name, Value]),
    )

    expect(Object.keys(environment).toSorted()).toEqual([
      'AWS_REGION',
      'SVD_DEAD_LETTER_QUEUE_URL',
      'SVD_DEVICE',
      'SVD_DRAIN_SECONDS',
      'SVD_JOBS_QUEUE_URL',
      'SVD_MAX_SECONDS',
      'SVD_METRICS',
      'SVD_METRICS_NAMESPACE',
      'SVD_MODEL',
      'SVD_OUTPUT_BUCKET',
      'SVD_PAUSE',
      'SVD_SPOT',
      'SVD_USD_PER_HOUR',
    ])
    expect(environment).toMatchObject({
      SVD_DEVICE: 'cuda',
      SVD_SPOT: '1',
      SVD_METRICS: '1',
      SVD_USD_PER_HOUR: 'auto',
    })
    expect(JSON.stringify(environment['SVD_MODEL'])).toContain('/models/svd-xt/')
  })

  test('ends within the three hours that CloudFormation gives an update, also during a backlog', () => {
    const { Environment } = container()

    expect(Environment).toContainEqual({ Name: 'SVD_MAX_SECONDS', Value: '7200' })
    expect(WORKER_LIFE.seconds + WORKER_LIFE.longestClipSeconds).toBeLessThanOrEqual(3 * 3600)
  })

  test('requests no GPU with device cpu, and all vCPUs of a machine', () => {
    const { ResourceRequirements, MemoryReservation, Environment } = container({
      device: 'cpu',
      modelId: 'demo',
    })

    expect(ResourceRequirements).toBeUndefined()
    // All four vCPUs, so that no second one is placed on a machine with more memory.
    expect(container({ device: 'cpu', modelId: 'demo' }).Cpu).toBe(4096)
    expect(container()).not.toHaveProperty('Cpu')
    expect(Environment).toContainEqual({ Name: 'SVD_DEVICE', Value: 'cpu' })
    expect(MemoryReservation).toBe(6553)
  })

  test('renders the model that the deployment names', () => {
    expect(JSON.stringify(container({ modelId: 'studio-look-2' }).Environment)).toContain(
      '/models/studio-look-2/',
    )
  })

  test('has the check severities that the deployment names', () => {
    const { Environment } = container({ qualityChecks: 'likeness=fail, seams=off' })

    expect(Environment).toContainEqual({ Name: 'SVD_QUALITY_CHECKS', Value: 'likeness=fail,seams=off' })
    const given = Object.fromEntries(
      Environment.map(({ Name, Value }: { Name: string; Value: unknown }) => [Name, Value]),
    )
    const { SVD_QUALITY_CHECKS } = given
    expect(readWorkerSettings({}, { SVD_QUALITY_CHECKS }).qualityChecks).toMatchObject({
      ...{ likeness: 'fail', seams: 'off', black: 'fail' },
    })
  })

  test('has two minutes to return its leases, and uses all but ten seconds of them', () => {
    const { StopTimeout, Environment } = container()

    expect(StopTimeout).toBe(120)
    expect(Environment).toContainEqual({ Name: 'SVD_DRAIN_SECONDS', Value: '110' })
  })

  test('has a health check every 30 seconds', () => {
    expect(container().HealthCheck).toMatchObject({
      Command: ['CMD', 'node', '/opt/svd/worker/image/check-health.ts'],
      Interval: 30,
    })
  })

  test('logs without blocking', () => {
    expect(container().LogConfiguration).toMatchObject({
      LogDriver: 'awslogs',
      Options: { mode: 'non-blocking', 'max-buffer-size': '26214400b' },
    })
  })

  test('has a service that is created after the capacity provider association and deleted before it', () => {
    const [service] = Object.values(pipeline().findResources('AWS::ECS::Service'))

    expect(service?.['DependsOn']).toEqual(
      expect.arrayContaining([expect.stringMatching(/^EcsMachinesCluster/)]),
    )
    const ties = Object.keys(pipeline().findResources('AWS::ECS::ClusterCapacityProviderAssociations'))
    expect(service?.['DependsOn']).toEqual(expect.arrayContaining(ties))
  })

  test('has a service without a desired count, which only dispatch sets', () => {
    // "For existing services, if a desired count is not specified, it is omitted from the operation."
    expect(only('AWS::ECS::Service')).not.toHaveProperty('DesiredCount')
    const [service] = Object.values(pipeline().findResources('AWS::ECS::Service'))
    // A new service begins with one task, which dispatch sets to none.
    expect(service?.['DependsOn']).toContainEqual(expect.stringMatching(/^DispatchEveryMinute/))
  })

  test('is started in a new version only after the old one has ended', () => {
    expect(only('AWS::ECS::Service')).toMatchObject({
      DeploymentConfiguration: {
        MinimumHealthyPercent: 0,
        MaximumPercent: 100,
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
      },
    })
  })

  test('may protect tasks of this cluster from scale-in', () => {
    pipeline().hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'ecs:UpdateTaskProtection',
            Resource: {
              'Fn::Join': ['', Match.arrayWith([':task/', { Ref: Match.stringLikeRegexp('Cluster') }, '/*'])],
            },
          }),
        ]),
      },
    })
  })

  test('runs the configured image or the one that CDK builds', () => {
    expect(JSON.stringify(container().Image)).toMatch(/123456789012\.dkr\.ecr\.us-east-1\..*svd@sha256:0{64}/)
    expect(container({ workerImage: 'registry.example.com/svd:1' }).Image).toBe('registry.example.com/svd:1')
  })
})
