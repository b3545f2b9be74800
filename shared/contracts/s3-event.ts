import { z } from 'zod'

/*
 * AWS's events, as loosely as their documents ask for: fields are added in minor versions, addresses may be IPv6, and
 * only what is used here is looked at.
 *
 *   S3 to Lambda             { Records: [{ eventSource: 'aws:s3', … }] }                  key URL-encoded
 *   EventBridge to Lambda    { source: 'aws.s3', 'detail-type': 'Object Created', … }     key as it is
 *   either by way of SQS     { Records: [{ eventSource: 'aws:sqs', body: '…' }] }
 *   S3, when it is set up    { Event: 's3:TestEvent', … }                                 nothing happened
 */

/** A new object, or a new version of one. */
export interface UploadedObject {
  readonly bucket: string
  readonly key: string
  /** `null` if the bucket keeps no versions. */
  readonly versionId: string | null
  /** ETag without quotes; `null` if the event has none. */
  readonly etag: string | null
  readonly sizeBytes: number | null
  /** Hexadecimal number, see `isLaterSequencer`; `null` if the event has none. */
  readonly sequencer: string | null
}

/** AWS: equal in the major, at least in the minor. */
const eventVersionSchema = z.string().regex(/^2\.[1-9]\d*$/)

const optionalText = z.string().nullish()

const s3RecordSchema = z.looseObject({
  eventVersion: eventVersionSchema,
  eventName: z.string(),
  s3: z.looseObject({
    bucket: z.looseObject({ name: z.string() }),
    object: z.looseObject({
      key: z.string(),
      size: z.number().nullish(),
      eTag: optionalText,
      versionId: optionalText,
      sequencer: optionalText,
    }),
  }),
})

const s3EventSchema = z.looseObject({ Records: z.array(s3RecordSchema) })

const testEventSchema = z.looseObject({ Event: z.literal('s3:TestEvent') })

const eventBridgeSchema = z.looseObject({
  source: z.literal('aws.s3'),
  'detail-type': z.string(),
  detail: z.looseObject({
    bucket: z.looseObject({ name: z.string() }),
    object: z.looseObject({
      key: z.string(),
      size: z.number().nullish(),
      etag: optionalText,
      'version-id': optionalText,
      sequencer: optionalText,
    }),
  }),
})

const sqsEventSchema = z.looseObject({
  Records: z.array(
    z.looseObject({
      eventSource: z.literal('aws:sqs'),
      messageId: z.string(),
      body: z.string(),
      attributes: z.looseObject({ AWSTraceHeader: optionalText }).nullish(),
    }),
  ),
})

/** S3 encodes keys in its own events as a form does: a space is `+`. */
const decodeKey = (key: string): string => decodeURIComponent(key.replaceAll('+', ' '))

const unquoted = (etag: string | null | undefined): string | null => etag?.replaceAll('"', '') ?? null

const fromS3 = ({ eventName, s3 }: z.infer<typeof s3RecordSchema>): readonly UploadedObject[] => {
  if (!/^(s3:)?ObjectCreated:/.test(eventName)) return []
  const { key, size, eTag, versionId, sequencer } = s3.object
  return [
    {
      bucket: s3.bucket.name,
      key: decodeKey(key),
      versionId: versionId ?? null,
      etag: unquoted(eTag),
      sizeBytes: size ?? null,
      sequencer: sequencer ?? null,
    },
  ]
}

const fromEventBridge = (event: z.infer<typeof eventBridgeSchema>): readonly UploadedObject[] => {
  if (event['detail-type'] !== 'Object Created') return []
  const { bucket, object } = event.detail
  return [
    {
      bucket: bucket.name,
      key: object.key,
      versionId: object['version-id'] ?? null,
      etag: unquoted(object.etag),
      sizeBytes: object.size ?? null,
      sequencer: object.sequencer ?? null,
    },
  ]
}

/** Objects of an event of S3 itself or of EventBridge. Throws if it is neither. */
export const parseS3Event = (event: unknown): readonly UploadedObject[] => {
  if (testEventSchema.safeParse(event).success) return []
  const bridged = eventBridgeSchema.safeParse(event)
  if (bridged.success) return fromEventBridge(bridged.data)
  return s3EventSchema.parse(event).Records.flatMap(fromS3)
}

/** A message with an event in it, not looked into yet. */
export interface EventMessage {
  readonly messageId: string
  readonly body: string
  /** X-Ray's, where the sender was traced. */
  readonly traceHeader: string | null
}

/** The messages of an event of SQS; null: another event. */
export const parseSqsEvent = (event: unknown): readonly EventMessage[] | null => {
  const parsed = sqsEventSchema.safeParse(event)
  if (!parsed.success || parsed.data.Records.length === 0) return null
  return parsed.data.Records.map(({ messageId, body, attributes }) => ({
    messageId,
    body,
    traceHeader: attributes?.AWSTraceHeader ?? null,
  }))
}

/**
 * Whether the event of `a` came after that of `b`, of the same key. They may differ in length: the shorter is filled
 * up with zeros on the right.
 */
export const isLaterSequencer = (a: string, b: string): boolean => {
  const digits = Math.max(a.length, b.length)
  return a.toUpperCase().padEnd(digits, '0') > b.toUpperCase().padEnd(digits, '0')
}
