import { Arn, ArnFormat, Stack } from 'aws-cdk-lib'
import type { EventBus } from 'aws-cdk-lib/aws-events'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import type { Topic } from 'aws-cdk-lib/aws-sns'
import {
  BATCHES_PREFIX,
  ORDERS_PREFIX,
  REPORTS_PREFIX,
  resultKey,
  STATUS_PREFIX,
} from '../../shared/contracts/bucket-layout.ts'
import { mayRead, mayTellWhatIsMissing, mayUseKey, mayWrite } from './objects.ts'

export interface NotifyPlaces {
  readonly output: Bucket
  readonly bus: EventBus
  readonly topic: Topic
  /** Name or ARN in Secrets Manager; `null` if events are not signed. */
  readonly hmacSecret: string | null
  readonly key: IKey | null
}

/**
 * A secret's ARN ends with a hyphen and six random characters, which its name lacks. "Using '??????' as a wildcard to match
 * the 6 random characters assigned by Secrets Manager" matches no secret with a longer name (Secrets Manager user guide,
 * "Limiting Access to Specific Secrets").
 */
const arnOfSecret = (stack: Stack, secret: string): string =>
  secret.startsWith('arn:')
    ? secret
    : Arn.format(
        {
          ...{ service: 'secretsmanager', resource: 'secret', resourceName: `${secret}-??????` },
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        },
        stack,
      )

/**
 * Reads results, statuses, orders and reports. Writes which job of a manifest it waits for. Publishes to one bus and one topic, and
 * reads the secret that signs events.
 */
export const notifyPermissions = ({
  output,
  bus,
  topic,
  hmacSecret,
  key,
}: NotifyPlaces): readonly PolicyStatement[] => [
  // The star stands for a job's id.
  mayRead(output, [resultKey('*'), STATUS_PREFIX, ORDERS_PREFIX, REPORTS_PREFIX, BATCHES_PREFIX]),
  mayTellWhatIsMissing(output),
  mayWrite(output, [BATCHES_PREFIX]),
  new PolicyStatement({ actions: ['events:PutEvents'], resources: [bus.eventBusArn] }),
  new PolicyStatement({ actions: ['sns:Publish'], resources: [topic.topicArn] }),
  ...(hmacSecret === null
    ? []
    : [
        new PolicyStatement({
          actions: ['secretsmanager:GetSecretValue'],
          resources: [arnOfSecret(Stack.of(bus), hmacSecret)],
        }),
      ]),
  ...mayUseKey(key),
]
