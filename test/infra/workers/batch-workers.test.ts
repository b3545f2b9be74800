import { describe, expect, test } from 'vitest'
import { DISPATCH } from '../../../infra/scaling/scaling-policy.ts'
import { WORKER_LIFE } from '../../../infra/workers/worker-life.ts'
import { INSTANCE_TYPE_NAMES, instanceTypeOf } from '../../../shared/fleet/instance-types.ts'
import { DEFAULT_MACHINE_TYPES } from '../../../shared/fleet/machine-types.ts'
import { notEmpty } from '../../fixtures/not-empty.ts'
import { synthesize, VARIANTS } from '../synthesized.ts'

const all = (type: string, keys = {}) =>
  Object.values(synthesize({ compute: 'batch', ...keys }).pipeline.findResources(type)).map(
    ({ Properties }) => Properties,
  )
const environments = (keys = {}) =>
  all('AWS::Batch::ComputeEnvironment', keys).map(({ ComputeResources }) => ComputeResources)
const job = (keys = {}) => all('AWS::Batch::JobDefinition', keys)[0]

describe('the machines of AWS Batch', () => {
  test('are Spot first, and On-Demand where Spot has no capacity', () => {
    expect(environments().map(({ Type, AllocationStrategy }) => [Type, AllocationStrategy])).toEqual([
      ['SPOT', 'SPOT_PRICE_CAPACITY_OPTIMIZED'],
      ['EC2', 'BEST_FIT_PROGRESSIVE'],
    ])
    const [{ ComputeEnvironmentOrder }] = all('AWS::Batch::JobQueue') as [Record<string, never>]
    expect(
      (ComputeEnvironmentOrder as unknown as readonly { Order: number; ComputeEnvironment: object }[]).map(
        ({ Order, ComputeEnvironment }) => [Order, JSON.stringify(ComputeEnvironment)],
      ),
    ).toEqual([
      [1, expect.stringContaining('BatchComputeSpot')],
      [2, expect.stringContaining('BatchComputeOnDemand')],
    ])
  })

  test('are On-Demand only with onDemandPercent 100', () => {
    expect(environments({ onDemandPercent: 100 }).map(({ Type }) => Type)).toEqual(['EC2'])
  })

  test('are none without jobs, and at most as many as maxWorkers needs', () => {
    for (const { MinvCpus, MaxvCpus } of notEmpty(
      environments({ maxWorkers: 10, instanceTypes: 'g6.xlarge' }),
    )) {
      expect([MinvCpus, MaxvCpus]).toEqual([0, 40])
    }
    // Ten of the largest type.
    expect(environments({ maxWorkers: 10 })[0]?.MaxvCpus).toBe(160)
    const eight = { instanceTypes: 'p4d.24xlarge', maxWorkers: 16 }
    expect(environments(eight)[0]?.MaxvCpus).toBe(2 * 96)
  })

  test.each([
    ['cuda', 'ECS_AL2023_NVIDIA'],
    ['cpu', 'ECS_AL2023'],
  ] as const)("are of the configured types, with AWS's image for %s", (device, image) => {
    for (const { InstanceTypes, Ec2Configuration } of notEmpty(environments({ device, modelId: 'demo' }))) {
      expect(InstanceTypes).toEqual(DEFAULT_MACHINE_TYPES[device])
      expect(Ec2Configuration).toEqual([{ ImageType: image }])
    }
  })

  test('may be of a type that svd does not list, with the sizes that are given', () => {
    const keys = { instanceTypes: 'g6e.4xlarge,g7e.2xlarge:1:8:64', maxWorkers: 2 }

    expect(environments(keys)[0]).toMatchObject({
      ...{ InstanceTypes: ['g6e.4xlarge', 'g7e.2xlarge'], MaxvCpus: 2 * 16 },
    })
    expect(job(keys).ContainerProperties.ResourceRequirements).toEqual(
      expect.arrayContaining([
        { Type: 'MEMORY', Value: `${Math.floor(0.8 * 64 * 1024)}` },
        { Type: 'VCPU', Value: '8' },
      ]),
    )
  })

  test('are of eight or more types, with known Spot prices', () => {
    expect(environments()[0]?.InstanceTypes.length).toBeGreaterThanOrEqual(8)
    // Otherwise results would not have the cost of their clips.
    const priced = INSTANCE_TYPE_NAMES.filter((name) => instanceTypeOf(name).spotUsdPerHour !== null)
    expect(priced).toEqual(expect.arrayContaining(environments()[0]?.InstanceTypes))
  })

  test('require IMDSv2 tokens, serve them to containers, and encrypt their disk', () => {
    expect(all('AWS::EC2::LaunchTemplate')[0]?.LaunchTemplateData).toMatchObject({
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
      BlockDeviceMappings: [{ Ebs: { Encrypted: true } }],
    })
  })

  test('use the newest launch template, whose change brings the newest AMI', () => {
    for (const { LaunchTemplate, UpdateToLatestImageVersion } of notEmpty(environments())) {
      expect(LaunchTemplate.Version).toEqual({
        'Fn::GetAtt': [expect.stringMatching(/^BatchComputeInstance/), 'LatestVersionNumber'],
      })
      expect(UpdateToLatestImageVersion).toBe(true)
    }
  })

  test('are changed by another amiDate, and not by other keys', () => {
    const template = (keys = {}) => JSON.stringify(all('AWS::EC2::LaunchTemplate', keys))

    expect(template({ amiDate: '2026-11-30' })).toContain('# svd:amiDate 2026-11-30')
    expect(template({ amiDate: '2026-12-01' })).not.toBe(template({ amiDate: '2026-11-30' }))
    expect(template({ clipsPerWorker: 3 })).toBe(template())
  })

  test('are replaced when their workers have ended by themselves, within three hours', () => {
    const [first] = all('AWS::Batch::ComputeEnvironment')
    const { JobExecutionTimeoutMinutes, TerminateJobsOnUpdate } = first.UpdatePolicy

    expect([JobExecutionTimeoutMinutes, TerminateJobsOnUpdate]).toEqual([180, false])
    expect(60 * JobExecutionTimeoutMinutes).toBeGreaterThan(WORKER_LIFE.seconds)
  })

  test('are launched in a capacity reservation, if there is one, as On-Demand only', () => {
    const { LaunchTemplateData } = all('AWS::EC2::LaunchTemplate', VARIANTS.reserved)[0]!

    expect(LaunchTemplateData.CapacityReservationSpecification).toEqual({
      CapacityReservationTarget: { CapacityReservationId: 'cr-0a1b2c3d4e5f60718' },
    })
    expect(environments(VARIANTS.reserved).map(({ Type }) => Type)).toEqual(['EC2'])
    expect(all('AWS::EC2::LaunchTemplate')[0]?.LaunchTemplateData).not.toHaveProperty(
      'CapacityReservationSpecification',
    )
  })

  test('allow Session Manager only when that is on', () => {
    const policies = (keys = {}) => JSON.stringify(all('AWS::IAM::Role', keys))

    expect(policies()).not.toContain('AmazonSSMManagedInstanceCore')
    expect(policies({ sessionManager: 'on' })).toContain('AmazonSSMManagedInstanceCore')
  })

  test('have MIME multipart user data, to which Batch adds its own', () => {
    expect(JSON.stringify(all('AWS::EC2::LaunchTemplate')[0]?.LaunchTemplateData.UserData)).toContain(
      'multipart/mixed',
    )
  })
})

describe('a worker of AWS Batch', () => {
  test('has a GPU of its own, and CPU and memory that fit the smallest machine', () => {
    const requirements = Object.fromEntries(
      job().ContainerProperties.ResourceRequirements.map(
        ({ Type, Value }: { Type: string; Value: string }) => [Type, Number(Value)],
      ),
    )

    expect(requirements).toMatchObject({ GPU: 1, VCPU: 4 })
    expect(requirements['MEMORY']).toBeLessThan(16 * 1024 - 1500)
  })

  test('requests no GPU with device cpu, and CPU and memory that fit the smallest machine', () => {
    const { ResourceRequirements, Environment } = job({ device: 'cpu', modelId: 'demo' }).ContainerProperties

    expect(ResourceRequirements).toEqual([
      { Type: 'MEMORY', Value: '6553' },
      { Type: 'VCPU', Value: '4' },
    ])
    expect(Environment).toContainEqual({ Name: 'SVD_DEVICE', Value: 'cpu' })
  })

  test('is retried when its host is terminated, and for no other reason', () => {
    expect(job().RetryStrategy).toEqual({
      Attempts: 5,
      EvaluateOnExit: [
        { Action: 'RETRY', OnStatusReason: 'Host EC2*' },
        { Action: 'EXIT', OnReason: '*' },
      ],
    })
  })

  test("ends by itself when idle or after two hours, long before Batch's timeout", () => {
    expect(job().Timeout).toEqual({ AttemptDurationSeconds: 86_400 })
    expect(job().ContainerProperties.Environment).toContainEqual({ Name: 'SVD_MAX_SECONDS', Value: '7200' })
    expect(job().ContainerProperties.Command).toEqual(['worker'])
    // Otherwise a few clips an hour would find no running worker.
    expect(DISPATCH.untilIdleSeconds).toBeGreaterThan(2 * DISPATCH.everySeconds)
    expect(job().ContainerProperties.Environment).toContainEqual({
      Name: 'SVD_UNTIL_IDLE',
      Value: `${DISPATCH.untilIdleSeconds}`,
    })
  })

  test('returns its leases within the 30 seconds that Batch gives it', () => {
    expect(job().ContainerProperties.Environment).toContainEqual({ Name: 'SVD_DRAIN_SECONDS', Value: '25' })
  })

  test('uses any free port for health checks, because workers of one machine share its network', () => {
    expect(job().ContainerProperties.Environment).toContainEqual({ Name: 'SVD_HEALTH_PORT', Value: '0' })
  })

  test('logs without blocking', () => {
    expect(job().ContainerProperties.LogConfiguration.Options).toMatchObject({ mode: 'non-blocking' })
  })

  test('runs as an unprivileged user and writes to two folders only', () => {
    expect(job().ContainerProperties).toMatchObject({
      User: '10001:10001',
      ReadonlyRootFilesystem: true,
      Volumes: [{ Name: 'models', Host: { SourcePath: '/mnt/svd/models' } }, { Name: 'scratch' }],
      MountPoints: [
        { ContainerPath: '/var/cache/svd', SourceVolume: 'models' },
        { ContainerPath: '/var/lib/svd', SourceVolume: 'scratch' },
      ],
    })
    expect(job().ContainerProperties.Privileged).not.toBe(true)
  })
})
