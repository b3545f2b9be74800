import { Aws } from 'aws-cdk-lib'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import type { Construct } from 'constructs'

/** Services that write into queues and topics of this account, and what they write. */
const WRITERS = {
  's3.amazonaws.com': 'events of uploads and records, into their queues',
  'cloudwatch.amazonaws.com': 'alarms, into their topic',
}

/**
 * EventBridge writes events that the webhook's receiver did not take into their queue. "If your Amazon SQS queue is encrypted,
 * you must […] include the following permission section in your KMS key policy", which has no condition (EventBridge user
 * guide, "Troubleshooting Amazon EventBridge"). The queue's own policy names the one rule that may send.
 */
const EVENT_BRIDGE = 'events.amazonaws.com'

/**
 * One key for buckets, queues and topics. Roles get their rights to it in their own policies: the key's
 * own lets the account decide.
 */
export const makeEncryptionKey = (scope: Construct): Key => {
  const key = new Key(scope, 'Key', {
    description: 'svd-batch: objects, messages, events, alarms',
    enableKeyRotation: true,
  })
  const ofThisAccount = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } }
  for (const service of [...Object.keys(WRITERS), EVENT_BRIDGE]) {
    key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(service)],
        actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
        resources: ['*'],
        ...(service === EVENT_BRIDGE ? {} : { conditions: ofThisAccount }),
      }),
    )
  }
  return key
}
