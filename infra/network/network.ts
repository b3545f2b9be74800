import { Annotations, Fn } from 'aws-cdk-lib'
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type ISecurityGroup,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  type SubnetSelection,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2'
import type { IBucket } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import type { DeploymentConfig } from '../config/deployment-config.ts'
import {
  addInterfaceEndpoints,
  ISOLATED_SERVICES,
  limitToThisAccount,
  SESSION_SERVICES,
} from './isolated-endpoints.ts'

export interface NetworkProps {
  readonly config: Pick<
    DeploymentConfig,
    'network' | 'availabilityZones' | 'zoneNames' | 'vpcId' | 'subnetIds' | 'sessionManager'
  >
  /** For what the network refused. */
  readonly logs: IBucket
}

const CIDR = '10.0.0.0/16'
/** 4,091 addresses a zone: one for each worker. */
const SUBNET_MASK = 20

/**
 * Construct id of the VPC that is made: one for each set of zones. A subnet of another zone is another subnet, and
 * "CloudFormation usually creates the replacement resource first […] and then deletes the old resource" (CloudFormation user
 * guide, "Understand update behaviors of stack resources"), while "the CIDR block must not overlap with the CIDR block of
 * an existing subnet in the VPC" (EC2, CreateSubnet). Within one VPC such an update would be refused.
 */
const vpcIdFor = (zoneNames: readonly string[]): string => ['Vpc', ...zoneNames.toSorted()].join('-')

/**
 * Network of the workers, which open connections and accept none.
 * - `public`    addresses of their own, S3 by its gateway: nothing costs anything but the addresses while they are used
 * - `isolated`  no way out: S3 by its gateway, the other services by interface endpoints, which cost by the hour
 */
export class Network extends Construct {
  readonly vpc: IVpc
  readonly subnets: SubnetSelection
  readonly workers: ISecurityGroup

  constructor(scope: Construct, id: string, { config, logs }: NetworkProps) {
    super(scope, id)
    const isPublic = config.network === 'public'
    const subnetType = isPublic ? SubnetType.PUBLIC : SubnetType.PRIVATE_ISOLATED
    this.subnets = { subnetType }
    this.vpc = config.vpcId === '' ? this.makeVpc(config, logs, subnetType) : this.importVpc(config)
    this.workers = new SecurityGroup(this, 'Workers', {
      vpc: this.vpc,
      description: 'svd-batch workers: HTTPS out, nothing in',
      allowAllOutbound: false,
    })
    this.workers.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'AWS, by HTTPS')
  }

  private makeVpc(
    { network, availabilityZones, zoneNames, sessionManager }: NetworkProps['config'],
    logs: IBucket,
    subnetType: SubnetType,
  ): Vpc {
    const vpc = new Vpc(this, vpcIdFor(zoneNames), {
      ipAddresses: IpAddresses.cidr(CIDR),
      natGateways: 0,
      // By number: no account has to be asked which there are.
      availabilityZones:
        zoneNames.length > 0
          ? zoneNames.toSorted()
          : Array.from({ length: availabilityZones }, (_, zone) => Fn.select(zone, Fn.getAzs())),
      subnetConfiguration: [{ name: 'Workers', subnetType, cidrMask: SUBNET_MASK }],
      // It would deploy a function; nothing is in the default group.
      restrictDefaultSecurityGroup: false,
    })
    vpc.addFlowLog('Refused', {
      destination: FlowLogDestination.toS3(logs, 'network/'),
      trafficType: FlowLogTrafficType.REJECT,
    })
    const s3 = vpc.addGatewayEndpoint('S3', { service: GatewayVpcEndpointAwsService.S3 })
    if (network === 'isolated') {
      limitToThisAccount(s3)
      addInterfaceEndpoints(vpc, {
        ...ISOLATED_SERVICES,
        ...(sessionManager === 'on' ? SESSION_SERVICES : {}),
      })
    }
    return vpc
  }

  private importVpc({ vpcId, subnetIds, network }: NetworkProps['config']): IVpc {
    // Their zones are asked for by none that uses them here.
    const availabilityZones = subnetIds.map((_, zone) => Fn.select(zone, Fn.getAzs()))
    const vpc = Vpc.fromVpcAttributes(this, 'Vpc', {
      vpcId,
      availabilityZones,
      ...(network === 'public' ? { publicSubnetIds: subnetIds } : { isolatedSubnetIds: subnetIds }),
    })
    // Nor for their routes.
    Annotations.of(vpc).acknowledgeWarning('@aws-cdk/aws-ec2:noSubnetRouteTableId', 'No route is made here.')
    return vpc
  }
}
