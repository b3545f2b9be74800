import { Aws } from 'aws-cdk-lib'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import type { Construct } from 'constructs'

/**
 * Services that write into queues and topics of this account, and what they write. EventBridge, which writes what AWS
 * reports of Batch, ECS and machines, is not among them: a rule gives it the right with its target, and AWS documents that
 * statement without a condition (EventBridge user guide, "Event bus targets").
 */
const WRITERS = {
  's3.amazonaws.com': 'that an object was dropped, into the queue of drops',
  'cloudwatch.amazonaws.com': 'alarms, into their topic',
}

/**
 * One key for buckets, queues and the topic of alarms. Roles get their rights to it in their own policies: the key's
 * own lets the account decide.
 */
export const makeEncryptionKey = (scope: Construct): Key => {
  const key = new Key(scope, 'Key', {
    description: 'svd-batch: objects, messages, alarms',
    enableKeyRotation: true,
  })
  for (const service of Object.keys(WRITERS)) {
    key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(service)],
        actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    )
  }
  return key
}
