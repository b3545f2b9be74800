import { Aws } from 'aws-cdk-lib'
import { EventBus } from 'aws-cdk-lib/aws-events'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { Construct } from 'constructs'
import { acknowledge } from '../acknowledge.ts'

export interface PipelineEventsProps {
  /** Key that encrypts the topic; `null` for SNS's disk encryption alone. */
  readonly key: IKey | null
}

/**
 * Bus and topic to which notify publishes each event. Other programs of the account subscribe with rules and
 * subscriptions of their own. EventBridge encrypts events on the bus with a key that it owns.
 */
export class PipelineEvents extends Construct {
  readonly bus: EventBus
  readonly topic: Topic

  constructor(scope: Construct, id: string, { key }: PipelineEventsProps) {
    super(scope, id)
    this.bus = new EventBus(this, 'Bus', {
      // A name is required, and unique in an account and region, as the stack's is.
      eventBusName: `${Aws.STACK_NAME}-events`,
      description: 'svd-batch: ended requests and batches',
    })
    this.topic = new Topic(this, 'Topic', {
      displayName: 'svd-batch events',
      enforceSSL: true,
      ...(key === null ? {} : { masterKey: key }),
    })
    acknowledge(this.topic, {
      'Serverless-SNSRedrivePolicy': 'Subscriptions are the receivers’ own, each with its own dead letters.',
    })
  }
}
