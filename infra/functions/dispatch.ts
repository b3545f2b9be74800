import { Duration } from 'aws-cdk-lib'
import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets'
import { Construct } from 'constructs'
import { metricsNamespaceOf } from '../../shared/contracts/metrics.ts'
import { acknowledge } from '../acknowledge.ts'
import type { DeploymentConfig } from '../config/deployment-config.ts'
import { type DispatchPlaces, dispatchPermissions } from '../permissions/dispatch-permissions.ts'
import { BATCH } from '../scaling/scaling-policy.ts'
import { DISPATCH_BUNDLE } from './bundles.ts'
import { TracedFunction } from './traced-function.ts'

/** Below the time between two looks: what one could not start, the next one does. */
const TIMEOUT_SECONDS = BATCH.dispatchSeconds - 10
const MEMORY_MIB = 256

export interface DispatchProps extends DispatchPlaces {
  readonly config: DeploymentConfig
}

/** Looks at the backlog every minute, and starts the workers of AWS Batch that it needs. */
export class Dispatch extends Construct {
  readonly dispatch: TracedFunction

  constructor(scope: Construct, id: string, props: DispatchProps) {
    super(scope, id)
    const { config, buckets, jobs, batchQueue, batchJob } = props
    this.dispatch = new TracedFunction(this, 'Dispatch', {
      bundle: DISPATCH_BUNDLE,
      description: 'svd-batch: as many workers of AWS Batch as the backlog needs',
      environment: {
        SVD_METRICS_NAMESPACE: metricsNamespaceOf(config.name),
        SVD_OUTPUT_BUCKET: buckets.output.bucketName,
        SVD_JOBS_QUEUE_URL: jobs.queueUrl,
        SVD_BATCH_JOB_QUEUE: batchQueue.jobQueueArn,
        SVD_BATCH_JOB_DEFINITION: batchJob.jobDefinitionArn,
        SVD_CLIPS_PER_WORKER: `${config.clipsPerWorker}`,
        SVD_MAX_WORKERS: `${config.maxWorkers}`,
      },
      permissions: dispatchPermissions(props),
      buckets: [buckets.output],
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
    const everyMinute = new Rule(this, 'EveryMinute', {
      description: 'svd-batch: time to look at the backlog',
      schedule: Schedule.rate(Duration.seconds(BATCH.dispatchSeconds)),
      targets: [
        new LambdaTarget(this.dispatch.function, {
          retryAttempts: 0,
          maxEventAge: Duration.minutes(1),
        }),
      ],
    })
    acknowledge(everyMinute, {
      'Serverless-EventBusDLQ': 'A minute that was missed is made up for by the next.',
    })
  }
}
