import { Match } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { ISOLATED_SERVICES } from '../../../infra/network/isolated-endpoints.ts'
import { synthesize, VARIANTS } from '../synthesized.ts'

const endpoints = (keys = {}) =>
  Object.values(synthesize(keys).pipeline.findResources('AWS::EC2::VPCEndpoint')).map(
    ({ Properties }) => Properties,
  )

describe('the network of workers', () => {
  test('costs nothing while it is idle: no NAT, no interface endpoint, no address that is kept', () => {
    const { pipeline } = synthesize()

    for (const type of ['NatGateway', 'EIP']) pipeline.resourceCountIs(`AWS::EC2::${type}`, 0)
    expect(endpoints().map(({ VpcEndpointType }) => VpcEndpointType)).toEqual(['Gateway'])
  })

  test('lets nothing in, and out by HTTPS alone', () => {
    const groups = Object.values(synthesize(VARIANTS.both).pipeline.findResources('AWS::EC2::SecurityGroup'))

    expect(
      groups.map(({ Properties }) => [Properties.SecurityGroupIngress, Properties.SecurityGroupEgress]),
    ).toEqual([
      [
        undefined,
        [
          {
            CidrIp: '0.0.0.0/0',
            Description: 'AWS, by HTTPS',
            FromPort: 443,
            IpProtocol: 'tcp',
            ToPort: 443,
          },
        ],
      ],
    ])
  })

  test('has a subnet in each of three zones, with public addresses', () => {
    const subnets = Object.values(synthesize().pipeline.findResources('AWS::EC2::Subnet'))

    expect(
      subnets.map(({ Properties }) => [
        Properties.AvailabilityZone['Fn::Select'][0],
        Properties.MapPublicIpOnLaunch,
      ]),
    ).toEqual([
      [0, true],
      [1, true],
      [2, true],
    ])
  })

  test('has as many zones as are asked for', () => {
    synthesize({ availabilityZones: '2' }).pipeline.resourceCountIs('AWS::EC2::Subnet', 2)
  })

  test('has the zones that are named, and no others', () => {
    const { pipeline } = synthesize({ zoneNames: 'us-east-1b,us-east-1d' })
    const subnets = Object.values(pipeline.findResources('AWS::EC2::Subnet'))

    expect(subnets.map(({ Properties }) => Properties.AvailabilityZone)).toEqual(['us-east-1b', 'us-east-1d'])
  })

  test('logs what it refuses, where access is logged', () => {
    synthesize().pipeline.hasResourceProperties('AWS::EC2::FlowLog', {
      TrafficType: 'REJECT',
      LogDestinationType: 's3',
      LogDestination: { 'Fn::Join': ['', [Match.anyValue(), '/network/']] },
    })
  })
})

describe('an isolated network', () => {
  test('has no way to the internet', () => {
    const { pipeline } = synthesize(VARIANTS.isolated)

    for (const type of ['InternetGateway', 'NatGateway', 'EIP', 'Route']) {
      pipeline.resourceCountIs(`AWS::EC2::${type}`, 0)
    }
    pipeline.allResourcesProperties('AWS::EC2::Subnet', { MapPublicIpOnLaunch: false })
  })

  test('has an interface endpoint, by its usual name, for each service that a machine talks to', () => {
    const interfaces = endpoints(VARIANTS.isolated).filter(
      ({ VpcEndpointType }) => VpcEndpointType === 'Interface',
    )

    expect(
      interfaces
        .map(({ ServiceName }) => JSON.stringify(ServiceName).match(/\.([a-z.-]+)"\]/)?.[1])
        .toSorted(),
    ).toEqual(['ecr.api', 'ecr.dkr', 'ecs', 'ecs-agent', 'ecs-telemetry', 'logs', 'sqs'])
    expect(interfaces).toHaveLength(Object.keys(ISOLATED_SERVICES).length)
    expect(interfaces.every(({ PrivateDnsEnabled }) => PrivateDnsEnabled)).toBe(true)
  })

  test('has the endpoints of Session Manager where that is asked for', () => {
    const names = JSON.stringify(endpoints(VARIANTS['session-manager']).map(({ ServiceName }) => ServiceName))

    expect([names.includes('.ssm"'), names.includes('.ssmmessages"')]).toEqual([true, true])
    expect(JSON.stringify(endpoints(VARIANTS.isolated))).not.toContain('.ssm')
  })

  test('takes objects to and from the buckets of this account, and the layers of images', () => {
    const gateway = endpoints(VARIANTS.isolated).find(({ VpcEndpointType }) => VpcEndpointType === 'Gateway')!

    expect(gateway.PolicyDocument.Statement).toEqual([
      expect.objectContaining({
        Sid: 'OwnBuckets',
        Condition: { StringEquals: { 'aws:ResourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
      expect.objectContaining({ Sid: 'LayersOfImages', Action: 's3:GetObject' }),
    ])
  })
})

describe('a network that is there', () => {
  test('is used as it is: nothing is added but a group of security', () => {
    const { pipeline } = synthesize(VARIANTS['existing-vpc'])

    for (const type of ['VPC', 'Subnet', 'VPCEndpoint', 'FlowLog'])
      pipeline.resourceCountIs(`AWS::EC2::${type}`, 0)
    pipeline.hasResourceProperties('AWS::EC2::SecurityGroup', { VpcId: 'vpc-0a1b2c3d' })
    pipeline.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', {
      VPCZoneIdentifier: ['subnet-0a1b2c3d', 'subnet-1a1b2c3d'],
    })
  })
})
