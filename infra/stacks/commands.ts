import { CfnOutput, type Stack } from 'aws-cdk-lib'
import type { Topic } from 'aws-cdk-lib/aws-sns'
import { IMAGES_PREFIX } from '../../shared/contracts/bucket-layout.ts'
import { MACHINE_TYPE_NAMES } from '../../shared/fleet/machine-types.ts'
import type { DeploymentConfig } from '../config/deployment-config.ts'
import type { PipelineEvents } from '../events/pipeline-events.ts'
import type { Webhook } from '../events/webhook.ts'
import type { QueueWithDeadLetters } from '../queues/queue-with-dead-letters.ts'
import type { Buckets } from '../storage/buckets.ts'

export interface CommandsProps {
  readonly config: DeploymentConfig
  readonly buckets: Buckets
  readonly jobs: QueueWithDeadLetters
  readonly topic: Topic
  readonly events: PipelineEvents
  /** `null`: no webhook is configured. */
  readonly webhook: Webhook | null
}

/** An image of this project, so that the command can be run as it is. */
const SAMPLE = 'worker/demo-samples/rocket.png'

/** The checkpoint of a model of that id, as far as it is known where it is. */
const checkpointOf = (modelId: string): string =>
  modelId === 'demo' ? 'worker/demo' : modelId === 'svd-xt' ? 'svd-xt --variant fp16' : 'CHECKPOINT'

/**
 * Adds the outputs that `cdk deploy` prints at its end: where everything is, and what to do with it, ready to paste.
 */
export const addCommands = (stack: Stack, props: CommandsProps): void => {
  const { config, buckets, jobs, topic, events, webhook } = props
  const output = (id: string, description: string, value: string): void => {
    new CfnOutput(stack, id, { description, value })
  }
  // `svd doctor` knows the quotas of these alone.
  const knownTypes = MACHINE_TYPE_NAMES.filter((name) => config.instanceTypes.includes(name))
  const environment = {
    SVD_INPUT_BUCKET: buckets.input.bucketName,
    SVD_OUTPUT_BUCKET: buckets.output.bucketName,
    SVD_MODELS_BUCKET: buckets.models.bucketName,
    SVD_JOBS_QUEUE_URL: jobs.queue.queueUrl,
    SVD_DEAD_LETTER_QUEUE_URL: jobs.deadLetters.queueUrl,
    SVD_MODEL_ID: config.modelId,
    ...(knownTypes.length > 0 && { SVD_INSTANCE_TYPES: knownTypes.join(',') }),
  }
  const svd = 'npx svd'
  output('InputBucket', 'Pictures and manifests are dropped here', buckets.input.bucketName)
  output('OutputBucket', 'Videos and records are here', buckets.output.bucketName)
  output('ModelsBucket', 'Checkpoints are here', buckets.models.bucketName)
  output('JobsQueueUrl', 'The queue of jobs', jobs.queue.queueUrl)
  output('DeadLetterQueueUrl', 'Jobs that failed for good', jobs.deadLetters.queueUrl)
  output('EventBusArn', 'Events of ended requests and batches, for rules', events.bus.eventBusArn)
  output('EventTopicArn', 'The same events, for subscriptions of SNS', events.topic.topicArn)
  if (webhook !== null)
    output(
      'WebhookDeadLetterQueueUrl',
      'Events that the webhook took at no attempt',
      webhook.deadLetters.queueUrl,
    )
  output('AlarmTopicArn', 'Subscribe to it, and be told of alarms', topic.topicArn)
  output(
    'Environment',
    '1. For the svd command, in this terminal',
    `export ${Object.entries(environment)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}`,
  )
  output(
    'PushModel',
    '2. A checkpoint for the workers',
    `${svd} models push ${checkpointOf(config.modelId)} --id ${config.modelId}`,
  )
  output(
    'DropPicture',
    '3. A picture to be animated',
    `aws s3 cp ${SAMPLE} s3://${buckets.input.bucketName}/${IMAGES_PREFIX}`,
  )
  output('Watch', '4. How it goes', `${svd} watch`)
}
