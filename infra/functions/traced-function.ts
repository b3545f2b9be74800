import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda'
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { IBucket } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { acknowledge } from '../acknowledge.ts'
import { giveRights } from '../permissions/objects.ts'
import type { FunctionBundle } from './bundle-function.ts'
import { functionCode } from './function-code.ts'

export interface TracedFunctionProps {
  readonly bundle: FunctionBundle
  readonly description: string
  readonly environment: Readonly<Record<string, string>>
  readonly permissions: readonly PolicyStatement[]
  /** Those that the permissions are about. */
  readonly buckets: readonly IBucket[]
  readonly timeoutSeconds: number
  readonly memoryMib: number
  readonly logDays: RetentionDays
  /** 0: none is set aside. */
  readonly reservedConcurrency?: number
  /** Retries of asynchronous invocations that failed. Lambda's own default is two, for up to six hours. */
  readonly retries?: { readonly attempts: 0 | 1 | 2; readonly maxAge: Duration }
  /** cdk-nag's findings about the function or its rights, each with its reason. */
  readonly acknowledged: Readonly<Record<string, string>>
}

/** A Lambda function with a role, a log and traces of its own, and nothing that is not asked for. */
export class TracedFunction extends Construct {
  readonly function: LambdaFunction

  constructor(scope: Construct, id: string, props: TracedFunctionProps) {
    super(scope, id)
    const logGroup = new LogGroup(this, 'Log', {
      retention: props.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
    logGroup.grantWrite(role)
    giveRights(role, props.permissions, props.buckets)
    const { reservedConcurrency = 0 } = props
    this.function = new LambdaFunction(this, 'Function', {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: functionCode(props.bundle),
      role,
      environment: { NODE_OPTIONS: '--enable-source-maps', ...props.environment },
      timeout: Duration.seconds(props.timeoutSeconds),
      memorySize: props.memoryMib,
      tracing: Tracing.ACTIVE,
      logGroup,
      ...(props.retries === undefined
        ? {}
        : { retryAttempts: props.retries.attempts, maxEventAge: props.retries.maxAge }),
      ...(reservedConcurrency > 0 ? { reservedConcurrentExecutions: reservedConcurrency } : {}),
    })
    acknowledge(this, {
      'AwsSolutions-IAM5[Resource::*]': 'X-Ray has no resources to name.',
      ...props.acknowledged,
    })
  }
}
