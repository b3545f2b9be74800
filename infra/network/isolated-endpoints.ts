import { Aws } from 'aws-cdk-lib'
import {
  type GatewayVpcEndpoint,
  Peer,
  Port,
  SecurityGroup,
  InterfaceVpcEndpointAwsService as Service,
  type Vpc,
} from 'aws-cdk-lib/aws-ec2'
import { AnyPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { acknowledge } from '../acknowledge.ts'

/** All that a worker's machine talks to but S3: jobs, its image, its log, and who tells it what to run. */
export const ISOLATED_SERVICES = {
  Sqs: Service.SQS,
  EcrApi: Service.ECR,
  EcrDocker: Service.ECR_DOCKER,
  Logs: Service.CLOUDWATCH_LOGS,
  Ecs: Service.ECS,
  EcsAgent: Service.ECS_AGENT,
  EcsTelemetry: Service.ECS_TELEMETRY,
} as const

/** Further services that Session Manager's agent talks to. */
export const SESSION_SERVICES = {
  Ssm: Service.SSM,
  SsmMessages: Service.SSM_MESSAGES,
} as const

/**
 * An endpoint in every subnet. A zone that lacks one of the services fails the deployment; `svd:zoneNames` leaves it
 * out.
 */
export const addInterfaceEndpoints = (vpc: Vpc, services: Readonly<Record<string, Service>>): void => {
  const endpoints = new SecurityGroup(vpc, 'Endpoints', {
    vpc,
    description: 'svd-batch endpoints: HTTPS from the VPC',
    allowAllOutbound: false,
  })
  endpoints.addIngressRule(Peer.ipv4(vpc.vpcCidrBlock), Port.tcp(443), 'workers, by HTTPS')
  acknowledge(endpoints, {
    'AwsSolutions-EC23': 'It lets in the VPC alone, whose range cdk-nag cannot read.',
  })
  for (const [name, service] of Object.entries(services)) {
    vpc.addInterfaceEndpoint(name, { service, securityGroups: [endpoints], open: false })
  }
}

/**
 * Limits S3 traffic of this network to buckets of this account, and to reads from the one in which ECR keeps the
 * layers of images: https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
 */
export const limitToThisAccount = (s3: GatewayVpcEndpoint): void => {
  s3.addToPolicy(
    new PolicyStatement({
      sid: 'OwnBuckets',
      principals: [new AnyPrincipal()],
      actions: ['s3:*'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:ResourceAccount': Aws.ACCOUNT_ID } },
    }),
  )
  s3.addToPolicy(
    new PolicyStatement({
      sid: 'LayersOfImages',
      principals: [new AnyPrincipal()],
      actions: ['s3:GetObject'],
      resources: [`arn:${Aws.PARTITION}:s3:::prod-${Aws.REGION}-starport-layer-bucket/*`],
    }),
  )
}
