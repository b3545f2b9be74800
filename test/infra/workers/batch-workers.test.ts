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
  test('are Spot first, and On-Demand where there is no Spot', () => {
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

  test('are On-Demand alone where Spot is not wanted', () => {
    expect(environments({ onDemandPercent: 100 }).map(({ Type }) => Type)).toEqual(['EC2'])
  })

  test('are none while there is nothing to do, and never more than the most workers need', () => {
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
  ] as const)("are of the types that are allowed and no others, with AWS's image for %s", (device, image) => {
    for (const { InstanceTypes, Ec2Configuration } of notEmpty(environments({ device, modelId: 'demo' }))) {
      expect(InstanceTypes).toEqual(DEFAULT_MACHINE_TYPES[device])
      expect(Ec2Configuration).toEqual([{ ImageType: image }])
    }
  })

  test('may be of a type that is in no table, by the sizes that go with it', () => {
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

  test('are eight types or more, so that Spot has many pools to draw from', () => {
    expect(environments()[0]?.InstanceTypes.length).toBeGreaterThanOrEqual(8)
    // Or results would not tell what their clips cost.
    const priced = INSTANCE_TYPE_NAMES.filter((name) => instanceTypeOf(name).spotUsdPerHour !== null)
    expect(priced).toEqual(expect.arrayContaining(environments()[0]?.InstanceTypes))
  })

  test('ask for a token before they tell about themselves, also to a container, and encrypt their disk', () => {
    expect(all('AWS::EC2::LaunchTemplate')[0]?.LaunchTemplateData).toMatchObject({
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
      BlockDeviceMappings: [{ Ebs: { Encrypted: true } }],
    })
  })

  test('are of the newest template, a change of which brings the newest image', () => {
    for (const { LaunchTemplate, UpdateToLatestImageVersion } of notEmpty(environments())) {
      expect(LaunchTemplate.Version).toEqual({
        'Fn::GetAtt': [expect.stringMatching(/^BatchComputeInstance/), 'LatestVersionNumber'],
      })
      expect(UpdateToLatestImageVersion).toBe(true)
    }
  })

  test('are changed by another date of the image, and by nothing else', () => {
    const template = (keys = {}) => JSON.stringify(all('AWS::EC2::LaunchTemplate', keys))

    expect(template({ amiDate: '2026-11-30' })).toContain('# svd:amiDate 2026-11-30')
    expect(template({ amiDate: '2026-12-01' })).not.toBe(template({ amiDate: '2026-11-30' }))
    expect(template({ clipsPerWorker: 3 })).toBe(template())
  })

  test('are replaced when their workers have ended by themselves: within two hours and a clip', () => {
    const [first] = all('AWS::Batch::ComputeEnvironment')
    const { JobExecutionTimeoutMinutes, TerminateJobsOnUpdate } = first.UpdatePolicy

    expect([JobExecutionTimeoutMinutes, TerminateJobsOnUpdate]).toEqual([180, false])
    expect(60 * JobExecutionTimeoutMinutes).toBeGreaterThan(WORKER_LIFE.seconds)
  })

  test('start in a capacity reservation, if there is one, On-Demand alone', () => {
    const { LaunchTemplateData } = all('AWS::EC2::LaunchTemplate', VARIANTS.reserved)[0]!

    expect(LaunchTemplateData.CapacityReservationSpecification).toEqual({
      CapacityReservationTarget: { CapacityReservationId: 'cr-0a1b2c3d4e5f60718' },
    })
    expect(environments(VARIANTS.reserved).map(({ Type }) => Type)).toEqual(['EC2'])
    expect(all('AWS::EC2::LaunchTemplate')[0]?.LaunchTemplateData).not.toHaveProperty(
      'CapacityReservationSpecification',
    )
  })

  test('open to Session Manager only where that is asked for', () => {
    const policies = (keys = {}) => JSON.stringify(all('AWS::IAM::Role', keys))

    expect(policies()).not.toContain('AmazonSSMManagedInstanceCore')
    expect(policies({ sessionManager: 'on' })).toContain('AmazonSSMManagedInstanceCore')
  })

  test('get their commands as MIME parts, to which Batch adds its own', () => {
    expect(JSON.stringify(all('AWS::EC2::LaunchTemplate')[0]?.LaunchTemplateData.UserData)).toContain(
      'multipart/mixed',
    )
  })
})

describe('a worker of AWS Batch', () => {
  test('has a GPU to itself, and what fits the smallest machine', () => {
    const requirements = Object.fromEntries(
      job().ContainerProperties.ResourceRequirements.map(
        ({ Type, Value }: { Type: string; Value: string }) => [Type, Number(Value)],
      ),
    )

    expect(requirements).toMatchObject({ GPU: 1, VCPU: 4 })
    expect(requirements['MEMORY']).toBeLessThan(16 * 1024 - 1500)
  })

  test('asks for no GPU where machines have none, and for what fits the smallest of them', () => {
    const { ResourceRequirements, Environment } = job({ device: 'cpu', modelId: 'demo' }).ContainerProperties

    expect(ResourceRequirements).toEqual([
      { Type: 'MEMORY', Value: '6553' },
      { Type: 'VCPU', Value: '4' },
    ])
    expect(Environment).toContainEqual({ Name: 'SVD_DEVICE', Value: 'cpu' })
  })

  test('is tried again when Spot takes its machine, and for nothing else', () => {
    expect(job().RetryStrategy).toEqual({
      Attempts: 5,
      EvaluateOnExit: [
        { Action: 'RETRY', OnStatusReason: 'Host EC2*' },
        { Action: 'EXIT', OnReason: '*' },
      ],
    })
  })

  test('ends by itself when there is nothing more to do, and long before Batch would end it by force', () => {
    expect(job().Timeout).toEqual({ AttemptDurationSeconds: 86_400 })
    expect(job().ContainerProperties.Environment).toContainEqual({ Name: 'SVD_MAX_SECONDS', Value: '7200' })
    expect(job().ContainerProperties.Command).toEqual(['worker'])
    // Or a trickle of clips finds nobody there each time.
    expect(DISPATCH.untilIdleSeconds).toBeGreaterThan(2 * DISPATCH.everySeconds)
    expect(job().ContainerProperties.Environment).toContainEqual({
      Name: 'SVD_UNTIL_IDLE',
      Value: `${DISPATCH.untilIdleSeconds}`,
    })
  })

  test('hands back what it holds within the half minute that Batch gives', () => {
    expect(job().ContainerProperties.Environment).toContainEqual({ Name: 'SVD_DRAIN_SECONDS', Value: '25' })
  })

  test('takes any port for its health: workers of one machine share its network', () => {
    expect(job().ContainerProperties.Environment).toContainEqual({ Name: 'SVD_HEALTH_PORT', Value: '0' })
  })

  test('never waits for its log', () => {
    expect(job().ContainerProperties.LogConfiguration.Options).toMatchObject({ mode: 'non-blocking' })
  })

  test('is nobody in particular, and can write to two folders alone', () => {
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
