import type { ListedObject } from '../../shared/ports/object-store.ts'

/** As S3 writes keys into events: form-encoded, slashes as they are. */
const encodeKey = (key: string): string =>
  encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+')

/** S3's order of events on one key: hexadecimal, larger is later. */
const sequencerOf = (at: Date, place: number): string =>
  (BigInt(at.getTime()) * 4096n + BigInt(place % 4096)).toString(16).padStart(16, '0').toUpperCase()

/** The event that S3 sends when an object was put, in the shape of version 2.5. `place` orders events of one instant. */
export const objectCreatedEvent = (
  bucket: string,
  { key, sizeBytes, etag }: ListedObject,
  { at, place }: { readonly at: Date; readonly place: number },
) => ({
  Records: [
    {
      eventVersion: '2.5',
      eventSource: 'aws:s3',
      awsRegion: 'us-east-1',
      eventTime: at.toISOString(),
      eventName: 'ObjectCreated:Put',
      userIdentity: { principalId: 'local' },
      requestParameters: { sourceIPAddress: '127.0.0.1' },
      responseElements: {},
      s3: {
        s3SchemaVersion: '1.0',
        configurationId: 'local',
        bucket: { name: bucket, ownerIdentity: { principalId: 'local' }, arn: `arn:aws:s3:::${bucket}` },
        object: {
          key: encodeKey(key),
          size: sizeBytes,
          eTag: etag.replaceAll('"', ''),
          sequencer: sequencerOf(at, place),
        },
      },
    },
  ],
})
