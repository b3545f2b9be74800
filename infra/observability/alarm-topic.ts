import { Aws } from 'aws-cdk-lib'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { Construct } from 'constructs'
import { acknowledge } from '../acknowledge.ts'

export interface AlarmTopicProps {
  /** Empty: nobody. */
  readonly email: string
  /**
   * Key that encrypts the topic; `null` if it is not encrypted at rest. CloudWatch may not use SNS's own key, and
   * alarms hold no more than names.
   */
  readonly key: IKey | null
}

/** The topic of all alarms, to which CloudWatch alone publishes. An operator subscribes to it. */
export const makeAlarmTopic = (scope: Construct, id: string, { email, key }: AlarmTopicProps): Topic => {
  const topic = new Topic(scope, id, {
    displayName: 'svd-batch',
    enforceSSL: true,
    ...(key === null ? {} : { masterKey: key }),
  })
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: 'AlarmsOfThisAccount',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
  )
  if (email !== '') topic.addSubscription(new EmailSubscription(email))
  acknowledge(topic, {
    'Serverless-SNSRedrivePolicy':
      'A mail that cannot be delivered is of no use later; the alarm is in CloudWatch.',
  })
  return topic
}
