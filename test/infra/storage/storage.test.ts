import { Match } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { addDeployment } from '../../../infra/deployment.ts'
import {
  batchKey,
  failureKey,
  reportKey,
  resultKey,
  statusKey,
} from '../../../shared/contracts/bucket-layout.ts'
import { notEmpty } from '../../fixtures/not-empty.ts'
import { openApp, synthesize, VARIANTS } from '../synthesized.ts'

const buckets = (keys = {}) => Object.entries(synthesize(keys).storage.findResources('AWS::S3::Bucket'))

describe('the buckets', () => {
  test('are retained when their stack is deleted, and the stack has termination protection', () => {
    const { storage } = addDeployment(openApp())

    expect(storage.terminationProtection).toBe(true)
    for (const [, { DeletionPolicy, UpdateReplacePolicy }] of notEmpty(buckets())) {
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain'])
    }
  })

  test('block public access and have no ACLs', () => {
    synthesize().storage.allResourcesProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    })
  })

  test('refuse requests without TLS 1.2', () => {
    synthesize().storage.allResourcesProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Action: 's3:*',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }),
          Match.objectLike({
            Effect: 'Deny',
            Action: 's3:*',
            Condition: { NumericLessThan: { 's3:TlsVersion': 1.2 } },
          }),
        ]),
      },
    })
  })

  test('have access logs, except for the bucket of the logs', () => {
    const logged = buckets().filter(([, { Properties }]) => Properties.LoggingConfiguration !== undefined)

    expect(logged.map(([, { Properties }]) => Properties.LoggingConfiguration.LogFilePrefix)).toEqual([
      'access/input/',
      'access/output/',
      'access/models/',
    ])
  })

  test('abort unfinished multipart uploads after a day', () => {
    for (const [, { Properties }] of notEmpty(buckets())) {
      expect(Properties.LifecycleConfiguration.Rules).toContainEqual({
        Id: 'unfinished-uploads',
        Status: 'Enabled',
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
      })
    }
  })

  test("expire a worker's probes, which a worker may not delete", () => {
    synthesize().storage.hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: {
        Rules: Match.arrayWith([Match.objectLike({ Prefix: 'probes/', ExpirationInDays: 1 })]),
      },
    })
  })

  test('keep versions, and noncurrent ones for 30 days', () => {
    synthesize().storage.hasResourceProperties('AWS::S3::Bucket', {
      VersioningConfiguration: { Status: 'Enabled' },
      LifecycleConfiguration: {
        Rules: Match.arrayWith([Match.objectLike({ NoncurrentVersionExpiration: { NoncurrentDays: 30 } })]),
      },
    })
  })

  test('remove a delete marker that hides no version', () => {
    const [, { Properties }] = buckets().find(([id]) => /Input/.test(id))!

    expect(Properties.LifecycleConfiguration.Rules).toContainEqual(
      expect.objectContaining({ Id: 'old-versions', ExpiredObjectDeleteMarker: true }),
    )
    // S3 takes the two in one rule for a contradiction.
    for (const rule of Properties.LifecycleConfiguration.Rules)
      expect('ExpiredObjectDeleteMarker' in rule && 'ExpirationInDays' in rule).toBe(false)
  })

  test('keep images and videos without limit, or for the configured days', () => {
    const expiring = (keys = {}) =>
      buckets(keys).flatMap(([id, { Properties }]) =>
        (Properties.LifecycleConfiguration.Rules as readonly { Id: string; ExpirationInDays?: number }[])
          .filter(({ Id }) => Id === 'expire')
          .map(({ ExpirationInDays }) => `${id.slice(0, 12)} ${ExpirationInDays}`),
      )

    expect(expiring()).toEqual(['BucketsLogsF 30'])
    expect(expiring({ inputDays: 7, outputDays: 90 })).toEqual([
      'BucketsLogsF 30',
      'BucketsInput 7',
      'BucketsOutpu 90',
    ])
  })

  test.each([
    [0, 30],
    [90, 30],
    [7, 7],
  ])('keep rejected clips by their tag: with outputDays %i for %i days', (outputDays, days) => {
    const rules = buckets({ outputDays }).flatMap(([id, { Properties }]) =>
      (Properties.LifecycleConfiguration.Rules as readonly { readonly Id: string }[])
        .filter(({ Id }) => Id === 'rejected-clips')
        .map((rule) => [id.slice(0, 12), rule]),
    )

    expect(rules).toEqual([
      [
        'BucketsOutpu',
        {
          ...{ Id: 'rejected-clips', Status: 'Enabled', ExpirationInDays: days, Prefix: 'jobs/' },
          TagFilters: [{ Key: 'svd-batch', Value: 'rejected' }],
        },
      ],
    ])
  })

  test("use the deployment's KMS key with a bucket key when that is configured", () => {
    const encryption = (keys = {}) =>
      buckets(keys).map(
        ([, { Properties }]) => Properties.BucketEncryption.ServerSideEncryptionConfiguration[0],
      )

    expect(encryption().every((rule) => rule.ServerSideEncryptionByDefault.SSEAlgorithm === 'AES256')).toBe(
      true,
    )
    const [logs, ...others] = encryption(VARIANTS.kms)
    expect(logs.ServerSideEncryptionByDefault.SSEAlgorithm).toBe('AES256')
    expect(others).toHaveLength(3)
    for (const rule of others) {
      expect(rule).toMatchObject({
        BucketKeyEnabled: true,
        ServerSideEncryptionByDefault: {
          SSEAlgorithm: 'aws:kms',
          KMSMasterKeyID: { 'Fn::GetAtt': ['Key961B73FD', 'Arn'] },
        },
      })
    }
  })
})

describe('the input bucket', () => {
  test('sends every upload to the S3 event queue by one notification without a filter', () => {
    const [, { Properties }] = buckets().find(([id]) => /Input/.test(id))!

    expect(Properties.NotificationConfiguration).toEqual({
      QueueConfigurations: [
        {
          Event: 's3:ObjectCreated:*',
          Queue: { 'Fn::GetAtt': [expect.stringMatching(/^DropsQueue/), 'Arn'] },
        },
      ],
    })
  })

  test('depends on the policy of that queue, because S3 checks it at once', () => {
    const [, { DependsOn }] = buckets().find(([id]) => /Input/.test(id))!

    expect(DependsOn).toEqual(expect.arrayContaining([expect.stringMatching(/^DropsQueuePolicy/)]))
  })

  test('may send to that queue as a bucket of this account, and buckets of other accounts may not', () => {
    synthesize().storage.hasResourceProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Allow',
            Action: 'sqs:SendMessage',
            Principal: { Service: 's3.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
        ]),
      },
    })
  })

  test('may use the KMS key of the queue', () => {
    synthesize(VARIANTS.kms).storage.hasResourceProperties('AWS::KMS::Key', {
      EnableKeyRotation: true,
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Principal: { Service: Match.arrayWith(['s3.amazonaws.com']) },
            Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
        ]),
      },
    })
  })
})

describe('the output bucket', () => {
  test('sends results and reports to the queue of notify, and no other objects', () => {
    const [, { Properties }] = buckets().find(([id]) => /Output/.test(id))!
    const { QueueConfigurations } = Properties.NotificationConfiguration

    for (const { Event, Queue } of QueueConfigurations) {
      expect(Event).toBe('s3:ObjectCreated:*')
      expect(Queue).toEqual({ 'Fn::GetAtt': [expect.stringMatching(/^RecordsQueue/), 'Arn'] })
    }
    const filters = QueueConfigurations.map(
      ({ Filter }: { Filter: { S3Key: { Rules: readonly { Name: string; Value: string }[] } } }) =>
        Object.fromEntries(Filter.S3Key.Rules.map(({ Name, Value }) => [Name, Value])),
    )
    expect(filters).toEqual([{ prefix: 'jobs/', suffix: '/result.json' }, { prefix: 'reports/' }])
    const notified = (key: string): boolean =>
      filters.some(
        ({ prefix, suffix = '' }: Record<string, string>) =>
          key.startsWith(prefix ?? '') && key.endsWith(suffix),
      )
    const jobId = '0'.repeat(32)
    const keys = [
      resultKey(jobId),
      reportKey('images/a.png'),
      reportKey('x'.repeat(2_000)),
      failureKey(jobId, 1),
      statusKey(jobId),
      batchKey('manifests/m.json'),
      `jobs/${jobId}/attempts/1/video.mp4`,
    ]
    expect(keys.map(notified)).toEqual([true, true, true, false, false, false, false])
  })

  test('depends on the policy of that queue', () => {
    const [, { DependsOn }] = buckets().find(([id]) => /Output/.test(id))!

    expect(DependsOn).toEqual(expect.arrayContaining([expect.stringMatching(/^RecordsQueuePolicy/)]))
    synthesize().storage.hasResourceProperties('AWS::SQS::QueuePolicy', {
      Queues: [{ Ref: Match.stringLikeRegexp('^RecordsQueue') }],
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            ...{ Sid: 'RecordsOfThisAccount', Effect: 'Allow', Action: 'sqs:SendMessage' },
            Principal: { Service: 's3.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
        ]),
      },
    })
  })
})

test('the log delivery service may write rejected traffic to the bucket of logs', () => {
  synthesize().storage.hasResourceProperties('AWS::S3::BucketPolicy', {
    Bucket: { Ref: Match.stringLikeRegexp('BucketsLogs') },
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Action: 's3:PutObject',
          Effect: 'Allow',
          Principal: { Service: 'delivery.logs.amazonaws.com' },
        }),
      ]),
    },
  })
})

test('two deployments have different stack names and metrics', () => {
  const { pipeline: templateB } = synthesize({ name: 'studio-b', compute: 'both' })
  const metricsOfB = JSON.stringify(templateB.toJSON())
  expect(metricsOfB).toContain('SvdBatch/studio-b')
  expect(metricsOfB).not.toContain('SvdBatch/svd')

  const { storage, pipeline } = addDeployment(openApp({ name: 'studio-b' }))

  expect([storage.stackName, pipeline.stackName]).toEqual(['studio-b-storage', 'studio-b-pipeline'])
})
