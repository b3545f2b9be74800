import { Duration, RemovalPolicy, SecretValue, Stack } from 'aws-cdk-lib'
import { Metric } from 'aws-cdk-lib/aws-cloudwatch'
import {
  ApiDestination,
  Authorization,
  Connection,
  type EventBus,
  Rule,
  RuleTargetInput,
} from 'aws-cdk-lib/aws-events'
import { ApiDestination as ApiDestinationTarget } from 'aws-cdk-lib/aws-events-targets'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { API_KEY_HEADER, EVENT_SOURCE } from '../../shared/contracts/event-names.ts'
import { acknowledge } from '../acknowledge.ts'
import type { DeploymentConfig } from '../config/deployment-config.ts'
import { WEBHOOK_HOURS, WEBHOOK_RETRIES } from './webhook-delivery.ts'

/** Longest retention that SQS offers. */
const DEAD_LETTER_DAYS = 14

const period = Duration.minutes(5)

export interface WebhookProps {
  readonly config: Pick<
    DeploymentConfig,
    'webhookUrl' | 'webhookApiKeySecret' | 'webhookHmacSecret' | 'webhookPerSecond'
  >
  readonly bus: EventBus
  /** Key that encrypts events that were not delivered; `null` for SQS's own keys. */
  readonly key: IKey | null
}

/**
 * Sends each event of the bus to an HTTPS endpoint. The body is the event, or with a secret the signed text of the event.
 * `InputPath` of the target is "the JSONPath that is used for extracting part of the matched event when passing it to the
 * target" (EventBridge API reference, Target).
 */
export class Webhook extends Construct {
  /** Events that the receiver took at no attempt. */
  readonly deadLetters: Queue
  /** Count of attempts that followed a failed one. */
  readonly retries: Metric

  constructor(scope: Construct, id: string, { config, bus, key }: WebhookProps) {
    super(scope, id)
    this.deadLetters = new Queue(this, 'DeadLetters', {
      enforceSSL: true,
      retentionPeriod: Duration.days(DEAD_LETTER_DAYS),
      removalPolicy: RemovalPolicy.DESTROY,
      ...(key === null
        ? { encryption: QueueEncryption.SQS_MANAGED }
        : { encryption: QueueEncryption.KMS, encryptionMasterKey: key }),
    })
    acknowledge(this.deadLetters, {
      'AwsSolutions-SQS3': 'It is the queue of dead letters itself.',
      'Serverless-SQSRedrivePolicy': 'The same.',
    })
    const connection = new Connection(this, 'Connection', {
      description: 'svd-batch: key of the webhook',
      // CloudFormation reads the secret when it deploys, so that the template has only its name.
      authorization: Authorization.apiKey(
        API_KEY_HEADER,
        SecretValue.secretsManager(config.webhookApiKeySecret),
      ),
    })
    const destination = new ApiDestination(this, 'Destination', {
      connection,
      endpoint: config.webhookUrl,
      rateLimitPerSecond: config.webhookPerSecond,
      description: 'svd-batch: receiver of events',
    })
    const rule = new Rule(this, 'Rule', {
      description: 'svd-batch: every event to the webhook',
      eventBus: bus,
      eventPattern: { source: [EVENT_SOURCE] },
      targets: [
        new ApiDestinationTarget(destination, {
          event: RuleTargetInput.fromEventPath(
            config.webhookHmacSecret === '' ? '$.detail' : '$.detail.signed',
          ),
          deadLetterQueue: this.deadLetters,
          retryAttempts: WEBHOOK_RETRIES,
          maxEventAge: Duration.hours(WEBHOOK_HOURS),
        }),
      ],
    })
    // "Metrics that specify both the EventBusName and RuleName dimensions refer to a custom event bus." (EventBridge user
    // guide, "Monitoring Amazon EventBridge")
    this.retries = new Metric({
      namespace: 'AWS/Events',
      metricName: 'RetryInvocationAttempts',
      dimensionsMap: { EventBusName: bus.eventBusName, RuleName: rule.ruleName },
      ...{ statistic: 'Sum', period, region: Stack.of(this).region },
    })
  }
}
