import { describe, expect, test } from 'vitest'
import { DISPATCH } from '../../../infra/scaling/scaling-policy.ts'
import { synthesize } from '../synthesized.ts'

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
    for (const { MinvCpus, MaxvCpus } of environments({ maxWorkers: 10 })) {
      expect([MinvCpus, MaxvCpus]).toEqual([0, 40])
    }
    const eight = { instanceTypes: 'p4d.24xlarge', maxWorkers: 16 }
    expect(environments(eight)[0]?.MaxvCpus).toBe(2 * 96)
  })

  test("are of the types that are allowed and no others, with AWS's image for GPUs", () => {
    for (const { InstanceTypes, Ec2Configuration } of environments()) {
      expect(InstanceTypes).toEqual(['g6e.xlarge', 'g6.xlarge', 'g5.xlarge'])
      expect(Ec2Configuration).toEqual([{ ImageType: 'ECS_AL2023_NVIDIA' }])
    }
  })

  test('ask for a token before they tell about themselves, also to a container, and encrypt their disk', () => {
    expect(all('AWS::EC2::LaunchTemplate')[0]?.LaunchTemplateData).toMatchObject({
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
      BlockDeviceMappings: [{ Ebs: { Encrypted: true } }],
    })
  })

  test('are always of the newest template and the newest image', () => {
    for (const { LaunchTemplate, UpdateToLatestImageVersion } of environments()) {
      expect(LaunchTemplate.Version).toEqual({
        'Fn::GetAtt': [expect.stringMatching(/^BatchComputeInstance/), 'LatestVersionNumber'],
      })
      expect(UpdateToLatestImageVersion).toBe(true)
    }
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

  test('is tried again when Spot takes its machine, and for nothing else', () => {
    expect(job().RetryStrategy).toEqual({
      Attempts: 5,
      EvaluateOnExit: [
        { Action: 'RETRY', OnStatusReason: 'Host EC2*' },
        { Action: 'EXIT', OnReason: '*' },
      ],
    })
  })

  test('ends by itself when there is nothing more to do, and an hour before Batch would end it by force', () => {
    expect(job().Timeout).toEqual({ AttemptDurationSeconds: 86_400 })
    expect(job().ContainerProperties.Environment).toContainEqual({ Name: 'SVD_MAX_SECONDS', Value: '82800' })
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
