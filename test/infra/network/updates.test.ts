import { describe, expect, test } from 'vitest'
import { type DeploymentKeys, synthesize, VARIANTS } from '../synthesized.ts'

interface Subnet {
  readonly id: string
  readonly vpc: string
  readonly cidr: string
  readonly zone: string
}

const findSubnets = (keys: DeploymentKeys): readonly Subnet[] =>
  Object.entries(synthesize(keys).pipeline.findResources('AWS::EC2::Subnet')).map(([id, { Properties }]) => ({
    id,
    vpc: JSON.stringify(Properties.VpcId),
    cidr: Properties.CidrBlock,
    zone: JSON.stringify(Properties.AvailabilityZone),
  }))

const NETWORKS: Readonly<Record<string, DeploymentKeys>> = {
  ...VARIANTS,
  'one zone': { availabilityZones: '1' },
  'zones a and b': { zoneNames: 'us-east-1a,us-east-1b' },
  'zones b and c': { zoneNames: 'us-east-1b,us-east-1c' },
  'zones b and c, isolated': { zoneNames: 'us-east-1b,us-east-1c', network: 'isolated' },
}
const NAMES = Object.keys(NETWORKS)
const SUBNETS = new Map(Object.entries(NETWORKS).map(([name, keys]) => [name, findSubnets(keys)]))

/**
 * Subnets that an update cannot create: CloudFormation creates them before it deletes the old ones, and EC2 refuses a
 * CIDR block that overlaps with that of an existing subnet of the VPC.
 */
const conflictsOf = (from: string, to: string): readonly Subnet[] => {
  const old = SUBNETS.get(from) ?? []
  const isKept = (subnet: Subnet): boolean =>
    old.some(({ id, zone }) => id === subnet.id && zone === subnet.zone)
  return (SUBNETS.get(to) ?? []).filter(
    (subnet) => !isKept(subnet) && old.some(({ vpc, cidr }) => vpc === subnet.vpc && cidr === subnet.cidr),
  )
}

const pairs = NAMES.flatMap((from) => NAMES.filter((to) => to !== from).map((to) => [from, to] as const))

describe('an update from one network to another', () => {
  test.each(pairs)('creates no subnet with a CIDR block that is still in use: from %s to %s', (from, to) => {
    expect(conflictsOf(from, to)).toEqual([])
  })

  test('changes nothing when the same zones are named in another order', () => {
    const [ab, ba] = ['us-east-1a,us-east-1b', 'us-east-1b,us-east-1a'].map((zoneNames) =>
      synthesize({ zoneNames }).pipeline.toJSON(),
    )

    expect(ba).toEqual(ab)
  })
})
