import { describe, expect, test } from 'vitest'
import { faultsOf } from './faults-of.ts'

describe('the configuration of a deployment', () => {
  test.each([
    [{ 'svd:vpcId': 'vpc-0a1b2c3d' }, '  svd:subnetIds: is empty, but vpcId is given; give both or none'],
    [
      { 'svd:subnetIds': 'subnet-0a1b2c3d' },
      '  svd:vpcId: is empty, but subnetIds are given; give both or none',
    ],
  ])('is refused when it has a VPC without subnets or subnets without a VPC: %j', (context, fault) => {
    expect(faultsOf(context)).toEqual([fault])
  })

  test('is refused when zones are not zone names, are repeated, or are given with a zone count', () => {
    expect(faultsOf({ 'svd:zoneNames': 'us-east-1a,use1-az2' })).toEqual([
      "  svd:zoneNames: got 'use1-az2'; must be like us-east-1a",
    ])
    expect(faultsOf({ 'svd:zoneNames': 'us-east-1a,us-east-1a' })).toEqual([
      "  svd:zoneNames: got 'us-east-1a,us-east-1a'; must name each zone once",
    ])
    expect(faultsOf({ 'svd:zoneNames': 'us-east-1a,eu-west-1a' })).toEqual([
      "  svd:zoneNames: got 'us-east-1a,eu-west-1a'; must all be of one region, the one that is deployed to",
    ])
    expect(faultsOf({ 'svd:zoneNames': 'us-gov-west-1b', 'svd:availabilityZones': 1 })).toEqual([
      '  svd:availabilityZones: has no effect with zoneNames; leave one of them out',
    ])
  })

  test('is refused when it has zones and an existing VPC, whose subnets determine the zones', () => {
    const vpc = { 'svd:vpcId': 'vpc-0a1b2c3d', 'svd:subnetIds': 'subnet-0a1b2c3d' }

    expect(faultsOf(vpc)).toEqual([])
    expect(faultsOf({ ...vpc, 'svd:availabilityZones': '2' })).toEqual([
      '  svd:availabilityZones: has no effect with vpcId: zones are those of subnetIds',
    ])
    expect(faultsOf({ ...vpc, 'svd:zoneNames': 'us-east-1a' })).toEqual([
      '  svd:zoneNames: has no effect with vpcId: zones are those of subnetIds',
    ])
  })
})
