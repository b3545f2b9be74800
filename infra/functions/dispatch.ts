import { Duration } from 'aws-cdk-lib'
import type { IJobDefinition, IJobQueue } from 'aws-cdk-lib/aws-batch'
import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { metricsNamespaceOf } from '../../shared/contracts/metrics.ts'
import { acknowledge } from '../acknowledge.ts'
import type { DeploymentConfig } from '../config/deployment-config.ts'
import { dispatchPermissions } from '../permissions/dispatch-permissions.ts'
import { machinePrices } from '../scaling/machine-prices.ts'
import { DISPATCH } from '../scaling/scaling-policy.ts'
import type { Buckets } from '../storage/buckets.ts'
import { workersPerInstance } from '../workers/worker-share.ts'
import { DISPATCH_BUNDLE } from './bundles.ts'
import { TracedFunction } from './traced-function.ts'

/** Below the time between two looks: what one could not start, the next one does. */
const TIMEOUT_SECONDS = DISPATCH.everySeconds - 10
const MEMORY_MIB = 256

export interface DispatchProps {
  readonly config: DeploymentConfig
  readonly buckets: Buckets
  readonly jobs: IQueue
  /** `null`: the deployment has no workers on AWS Batch. */
  readonly batch: { readonly queue: IJobQueue; readonly job: IJobDefinition } | null
  /** `null`: the deployment has no workers on ECS. */
  readonly ecs: {
    readonly clusterName: string
    readonly serviceName: string
    readonly serviceArn: string
  } | null
  readonly key: IKey | null
}

/** Looks at the backlog every minute: starts the workers of AWS Batch that it needs, and counts those of ECS. */
export class Dispatch extends Construct {
  readonly dispatch: TracedFunction
  /** Rule that invokes the function. */
  readonly everyMinute: Rule

  constructor(scope: Construct, id: string, props: DispatchProps) {
    super(scope, id)
    const { config, buckets, jobs, batch, ecs, key } = props
    const prices = machinePrices(config)
    const hasBudget = config.maxUsdPerDay > 0
    this.dispatch = new TracedFunction(this, 'Dispatch', {
      bundle: DISPATCH_BUNDLE,
      description: 'svd-batch: as many workers as the backlog needs',
      environment: {
        SVD_METRICS_NAMESPACE: metricsNamespaceOf(config.name),
        SVD_OUTPUT_BUCKET: buckets.output.bucketName,
        SVD_MODELS_BUCKET: buckets.models.bucketName,
        SVD_MODEL_ID: config.modelId,
        SVD_JOBS_QUEUE_URL: jobs.queueUrl,
        ...(batch !== null && {
          SVD_BATCH_JOB_QUEUE: batch.queue.jobQueueArn,
          SVD_BATCH_JOB_DEFINITION: batch.job.jobDefinitionArn,
          SVD_BATCH_USD_PER_HOUR: `${prices.batch}`,
        }),
        ...(ecs !== null && {
          SVD_ECS_CLUSTER: ecs.clusterName,
          SVD_ECS_SERVICE: ecs.serviceName,
          SVD_ECS_USD_PER_HOUR: `${prices.ecs}`,
        }),
        SVD_CLIPS_PER_WORKER: `${config.clipsPerWorker}`,
        SVD_MAX_WORKERS: `${config.maxWorkers}`,
        SVD_GPUS_PER_MACHINE: `${workersPerInstance(config.instanceTypes)}`,
        ...(hasBudget && { SVD_MAX_USD_PER_DAY: `${config.maxUsdPerDay}` }),
      },
      permissions: dispatchPermissions({
        ...{ buckets, jobs, batch, ecs, key },
        modelId: config.modelId,
      }),
      buckets: [buckets.output, buckets.models],
      timeoutSeconds: TIMEOUT_SECONDS,
      memoryMib: MEMORY_MIB,
      logDays: config.logDays,
      // Late is of no use: the next is there by then.
      retries: { attempts: 0, maxAge: Duration.minutes(1) },
      acknowledged: {
        'Serverless-LambdaDLQ': 'A minute later it is called again, and looks at what is then.',
        'Serverless-LambdaAsyncFailureDestination': 'The same.',
      },
    })
    this.everyMinute = new Rule(this, 'EveryMinute', {
      description: 'svd-batch: time to look at the backlog',
      schedule: Schedule.rate(Duration.seconds(DISPATCH.everySeconds)),
      targets: [
        new LambdaTarget(this.dispatch.function, {
          retryAttempts: 0,
          maxEventAge: Duration.minutes(1),
        }),
      ],
    })
    acknowledge(this.everyMinute, {
      'Serverless-EventBusDLQ': 'A minute that was missed is made up for by the next.',
    })
  }
}
