import { Match } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { ISOLATED_SERVICES } from '../../../infra/network/isolated-endpoints.ts'
import { synthesize, VARIANTS } from '../synthesized.ts'

const endpoints = (keys = {}) =>
  Object.values(synthesize(keys).pipeline.findResources('AWS::EC2::VPCEndpoint')).map(
    ({ Properties }) => Properties,
  )

describe('the network of workers', () => {
  test('costs nothing while it is idle, because it has no NAT gateway, interface endpoint or Elastic IP', () => {
    const { pipeline } = synthesize()

    for (const type of ['NatGateway', 'EIP']) pipeline.resourceCountIs(`AWS::EC2::${type}`, 0)
    expect(endpoints().map(({ VpcEndpointType }) => VpcEndpointType)).toEqual(['Gateway'])
  })

  test('allows no inbound traffic and only HTTPS outbound', () => {
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

  test('has a subnet with public addresses in each of three zones', () => {
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

  test('has as many zones as configured', () => {
    synthesize({ availabilityZones: '2' }).pipeline.resourceCountIs('AWS::EC2::Subnet', 2)
  })

  test('has exactly the zones that are named', () => {
    const { pipeline } = synthesize({ zoneNames: 'us-east-1b,us-east-1d' })
    const subnets = Object.values(pipeline.findResources('AWS::EC2::Subnet'))

    expect(subnets.map(({ Properties }) => Properties.AvailabilityZone)).toEqual(['us-east-1b', 'us-east-1d'])
  })

  test('logs rejected traffic to the bucket of access logs', () => {
    synthesize().pipeline.hasResourceProperties('AWS::EC2::FlowLog', {
      TrafficType: 'REJECT',
      LogDestinationType: 's3',
      LogDestination: { 'Fn::Join': ['', [Match.anyValue(), '/network/']] },
    })
  })
})

describe('an isolated network', () => {
  test('has no route to the internet', () => {
    const { pipeline } = synthesize(VARIANTS.isolated)

    for (const type of ['InternetGateway', 'NatGateway', 'EIP', 'Route']) {
      pipeline.resourceCountIs(`AWS::EC2::${type}`, 0)
    }
    pipeline.allResourcesProperties('AWS::EC2::Subnet', { MapPublicIpOnLaunch: false })
  })

  test('has an interface endpoint with private DNS for each AWS service that a machine calls', () => {
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

  test('has the endpoints of Session Manager when that is on', () => {
    const names = JSON.stringify(endpoints(VARIANTS['session-manager']).map(({ ServiceName }) => ServiceName))

    expect([names.includes('.ssm"'), names.includes('.ssmmessages"')]).toEqual([true, true])
    expect(JSON.stringify(endpoints(VARIANTS.isolated))).not.toContain('.ssm')
  })

  test("gives access to this account's buckets and to image layers", () => {
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

describe('an existing VPC', () => {
  test('is used unchanged, except for an added security group', () => {
    const { pipeline } = synthesize(VARIANTS['existing-vpc'])

    for (const type of ['VPC', 'Subnet', 'VPCEndpoint', 'FlowLog'])
      pipeline.resourceCountIs(`AWS::EC2::${type}`, 0)
    pipeline.hasResourceProperties('AWS::EC2::SecurityGroup', { VpcId: 'vpc-0a1b2c3d' })
    pipeline.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', {
      VPCZoneIdentifier: ['subnet-0a1b2c3d', 'subnet-1a1b2c3d'],
    })
  })
})
