import { Match } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { type DeploymentKeys, synthesize, VARIANTS } from '../synthesized.ts'

const WEBHOOK = VARIANTS.webhook
const UNSIGNED = { ...WEBHOOK, webhookHmacSecret: '', webhookPerSecond: 25 }

const pipeline = (keys: DeploymentKeys = WEBHOOK) => synthesize(keys).pipeline

const targetOf = (keys: DeploymentKeys = WEBHOOK) => {
  const rule = Object.entries(pipeline(keys).findResources('AWS::Events::Rule')).find(([id]) =>
    id.startsWith('Webhook'),
  )
  return rule?.[1]['Properties'] ?? expect.fail('there is no rule of the webhook')
}

describe('the event bus and the topic', () => {
  test('exist in each deployment, with or without a webhook, and the stack prints their ARNs', () => {
    for (const keys of [{}, WEBHOOK]) {
      pipeline(keys).resourceCountIs('AWS::Events::EventBus', 1)
      const outputs = pipeline(keys).findOutputs('*')
      expect(outputs['EventBusArn']?.['Value']).toEqual({
        'Fn::GetAtt': [expect.stringMatching(/^EventsBus/), 'Arn'],
      })
      expect(outputs['EventTopicArn']?.['Value']).toEqual({ Ref: expect.stringMatching(/^EventsTopic/) })
    }
  })

  test("are protected: the topic refuses requests without TLS and uses the deployment's KMS key", () => {
    pipeline().hasResourceProperties('AWS::SNS::Topic', {
      DisplayName: 'svd-batch events',
      KmsMasterKeyId: Match.anyValue(),
    })
    pipeline().hasResourceProperties('AWS::SNS::TopicPolicy', {
      Topics: [{ Ref: Match.stringLikeRegexp('^EventsTopic') }],
      PolicyDocument: {
        Statement: [
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ],
      },
    })
  })
})

describe('the webhook', () => {
  test('exists only when a URL is configured', () => {
    for (const type of ['AWS::Events::ApiDestination', 'AWS::Events::Connection']) {
      pipeline({}).resourceCountIs(type, 0)
      pipeline().resourceCountIs(type, 1)
    }
    expect(pipeline({}).findOutputs('*')['WebhookDeadLetterQueueUrl']).toBeUndefined()
    expect(pipeline().findOutputs('*')['WebhookDeadLetterQueueUrl']).toBeDefined()
  })

  test('gets a POST request for every pipeline event, at most at the configured rate per second', () => {
    pipeline(UNSIGNED).hasResourceProperties('AWS::Events::ApiDestination', {
      ...{ InvocationEndpoint: 'https://example.com/hooks/svd', HttpMethod: 'POST' },
      InvocationRateLimitPerSecond: 25,
    })
    expect(targetOf()).toMatchObject({
      EventPattern: { source: ['svd-batch'] },
      EventBusName: { Ref: expect.stringMatching(/^EventsBus/) },
      State: 'ENABLED',
    })
  })

  test('gets the signed text when there is a secret, and the plain event otherwise', () => {
    expect(targetOf().Targets).toMatchObject([{ InputPath: '$.detail.signed' }])
    expect(targetOf(UNSIGNED).Targets).toMatchObject([{ InputPath: '$.detail' }])
  })

  test('is authenticated by an API key that the template reads from Secrets Manager', () => {
    pipeline().hasResourceProperties('AWS::Events::Connection', {
      AuthorizationType: 'API_KEY',
      AuthParameters: {
        ApiKeyAuthParameters: {
          ApiKeyName: 'x-api-key',
          ApiKeyValue: '{{resolve:secretsmanager:svd/webhook-key:SecretString:::}}',
        },
      },
    })
  })

  test('is tried 185 times in 24 hours, and then the event stays in its dead-letter queue for 14 days', () => {
    expect(targetOf().Targets).toMatchObject([
      {
        RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [expect.stringMatching(/^WebhookDeadLetters/), 'Arn'] } },
      },
    ])
    pipeline().hasResourceProperties('AWS::SQS::Queue', {
      MessageRetentionPeriod: 14 * 86_400,
      KmsMasterKeyId: Match.anyValue(),
      RedrivePolicy: Match.absent(),
    })
  })

  test('has a dead-letter queue to which only its own rule may send, also with the KMS key', () => {
    pipeline().hasResourceProperties('AWS::SQS::QueuePolicy', {
      Queues: [{ Ref: Match.stringLikeRegexp('^WebhookDeadLetters') }],
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            ...{ Effect: 'Allow', Action: 'sqs:SendMessage' },
            Principal: { Service: 'events.amazonaws.com' },
            Condition: {
              ArnEquals: {
                'aws:SourceArn': { 'Fn::GetAtt': [Match.stringLikeRegexp('^WebhookRule'), 'Arn'] },
              },
            },
          }),
        ]),
      },
    })
    synthesize(WEBHOOK).storage.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Principal: { Service: 'events.amazonaws.com' },
            Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
          }),
        ]),
      },
    })
  })
})
