import { describe, expect, test } from 'vitest'
import { isLaterSequencer, parseS3Event, parseSqsEvent } from '../../../shared/contracts/s3-event.ts'

/** A record as AWS documents it in version 2.6. */
const record = {
  eventVersion: '2.6',
  eventSource: 'aws:s3',
  awsRegion: 'eu-central-1',
  eventTime: '2026-01-02T03:04:05.678Z',
  eventName: 'ObjectCreated:Put',
  userIdentity: { principalId: 'AWS:EXAMPLE' },
  requestParameters: { sourceIPAddress: '2001:db8:85a3::8a2e:370:7334' },
  responseElements: { 'x-amz-request-id': 'C3D13FE58DE4C810' },
  s3: {
    s3SchemaVersion: '1.0',
    configurationId: 'drop',
    bucket: { name: 'input', arn: 'arn:aws:s3:::input', awsGeneratedTags: { 'aws:x': 'y' } },
    object: {
      key: 'images/a+b%2Bc%C3%A4/%25.png',
      size: 1024,
      eTag: 'd41d8cd98f00b204e9800998ecf8427e',
      versionId: '096fKKXTRTtl3on89fVO.nfljtsv6qko',
      sequencer: '0055AED6DCD90281E5',
    },
  },
  glacierEventData: {},
}

const withRecord = (change: object) => ({ Records: [{ ...record, ...change }] })

describe('an event of S3 itself', () => {
  test('names a new object by its decoded key', () => {
    expect(parseS3Event({ Records: [record] })).toEqual([
      {
        bucket: 'input',
        key: 'images/a b+cä/%.png',
        versionId: '096fKKXTRTtl3on89fVO.nfljtsv6qko',
        etag: 'd41d8cd98f00b204e9800998ecf8427e',
        sizeBytes: 1024,
        sequencer: '0055AED6DCD90281E5',
      },
    ])
  })

  test('may lack fields that not every endpoint has', () => {
    const s3 = { bucket: { name: 'input' }, object: { key: 'images/a.png' } }
    expect(parseS3Event(withRecord({ s3 }))).toEqual([
      ...[
        {
          bucket: 'input',
          key: 'images/a.png',
          versionId: null,
          etag: null,
          sizeBytes: null,
          sequencer: null,
        },
      ],
    ])
  })

  test.each(['2.1', '2.5', '2.6', '2.17'])('of version %s is accepted', (eventVersion) => {
    expect(parseS3Event(withRecord({ eventVersion }))).toHaveLength(1)
  })

  test.each(['1.0', '2.0', '3.0', '2', ''])('of version %j is refused', (eventVersion) => {
    expect(() => parseS3Event(withRecord({ eventVersion }))).toThrow('eventVersion')
  })

  test.each(['ObjectCreated:Copy', 'ObjectCreated:CompleteMultipartUpload', 's3:ObjectCreated:Post'])(
    'of the type %s names an object',
    (eventName) => {
      expect(parseS3Event(withRecord({ eventName }))).toHaveLength(1)
    },
  )

  test.each(['ObjectRemoved:Delete', 'ObjectRestore:Completed', 'ObjectTagging:Put'])(
    'of the type %s names no object',
    (eventName) => {
      const object = { key: 'images/a.png', sequencer: '00' }
      expect(parseS3Event(withRecord({ eventName, s3: { bucket: { name: 'input' }, object } }))).toEqual([])
    },
  )

  test('that S3 sends as a test names no object', () => {
    const event = {
      Service: 'Amazon S3',
      Event: 's3:TestEvent',
      Time: '2026-01-02T03:04:05Z',
      Bucket: 'input',
    }
    expect(parseS3Event(event)).toEqual([])
  })
})

describe('an S3 event of EventBridge', () => {
  const event = {
    version: '0',
    id: '17793124-05d4-b198-2fde-7ededc63b103',
    'detail-type': 'Object Created',
    source: 'aws.s3',
    account: '111122223333',
    detail: {
      version: '0',
      bucket: { name: 'input' },
      object: {
        key: 'images/a+b%2B:ä.png',
        size: 5,
        etag: 'b1946ac92492d2347c6235b4d2611184',
        'version-id': 'IYV3p45BT0ac8hjHg1houSdS1a.Mro8e',
        sequencer: '00617F08299329D189',
      },
      reason: 'PutObject',
      'source-ip-address': '2001:db8::1',
    },
  }

  test('names a new object by its key, which is not encoded', () => {
    expect(parseS3Event(event)).toEqual([
      {
        bucket: 'input',
        key: 'images/a+b%2B:ä.png',
        versionId: 'IYV3p45BT0ac8hjHg1houSdS1a.Mro8e',
        etag: 'b1946ac92492d2347c6235b4d2611184',
        sizeBytes: 5,
        sequencer: '00617F08299329D189',
      },
    ])
  })

  test('of another type names no object', () => {
    expect(parseS3Event({ ...event, 'detail-type': 'Object Deleted' })).toEqual([])
  })
})

test.each([null, 7, 'text', {}, [], { Records: [{}] }, { source: 'aws.ec2', detail: {} }])(
  '%j is not an S3 event',
  (event) => {
    expect(() => parseS3Event(event)).toThrow()
  },
)

describe('SQS messages in an event', () => {
  const message = {
    ...{
      messageId: 'm-1',
      receiptHandle: 'r',
      body: '{}',
      eventSource: 'aws:sqs',
      awsRegion: 'eu-central-1',
    },
    attributes: { ApproximateReceiveCount: '1', AWSTraceHeader: 'Root=1-5759e988-bd862e3fe1be46a994272793' },
  }

  test('have their ids and trace headers', () => {
    expect(parseSqsEvent({ Records: [message, { ...message, messageId: 'm-2', attributes: {} }] })).toEqual([
      { messageId: 'm-1', body: '{}', traceHeader: 'Root=1-5759e988-bd862e3fe1be46a994272793' },
      { messageId: 'm-2', body: '{}', traceHeader: null },
    ])
  })

  test.each([{ Records: [record] }, { Records: [] }, { source: 'aws.s3' }, null])(
    'are null in an event of another source: %#',
    (event) => {
      expect(parseSqsEvent(event)).toBeNull()
    },
  )
})

describe('isLaterSequencer', () => {
  test.each([
    ['0055AED6DCD90281E6', '0055AED6DCD90281E5', true],
    ['0055AED6DCD90281E5', '0055AED6DCD90281E5', false],
    ['0055AED6DCD90281E4', '0055AED6DCD90281E5', false],
    ['0055aed6dcd90281e6', '0055AED6DCD90281E5', true],
    // The shorter is filled up on the right.
    ['0055AED6DCD9', '0055AED6DCD90281E5', false],
    ['0056', '0055AED6DCD90281E5', true],
    ['0055AED6DCD9', '0055AED6DCD90000', false],
  ])('compares %s with %s: %s', (a, b, later) => {
    expect(isLaterSequencer(a, b)).toBe(later)
  })
})
