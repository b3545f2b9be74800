import {
  DeleteObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3'
import { ObjectChangedError, type ObjectInfo, type ObjectStore } from '../ports/object-store.ts'
import { abortable } from './abortable.ts'
import { answered } from './answered.ts'
import { getObject } from './s3-read.ts'
import { isAbsence, isUnmetCondition } from './s3-status.ts'
import { writeObject } from './s3-write.ts'

/** S3's own, of an object whose uploader named none. */
const UNNAMED_TYPE = 'binary/octet-stream'

type Described = Pick<
  HeadObjectCommandOutput,
  'ContentLength' | 'ETag' | 'VersionId' | 'ContentType' | 'Metadata' | 'LastModified'
>

const infoOf = (key: string, described: Described): ObjectInfo => ({
  key,
  sizeBytes: answered(described.ContentLength, 'Content-Length'),
  etag: answered(described.ETag, 'ETag'),
  versionId: described.VersionId ?? null,
  contentType: described.ContentType === UNNAMED_TYPE ? null : (described.ContentType ?? null),
  metadata: described.Metadata ?? {},
  lastModified: answered(described.LastModified, 'Last-Modified'),
})

const version = (versionId: string | null | undefined) =>
  versionId === null || versionId === undefined ? {} : { VersionId: versionId }

/**
 * The caller's credentials need `s3:ListBucket` too: without it S3 answers 403 instead of 404 for what is not there,
 * and that is an error here.
 */
export const openS3ObjectStore = (client: S3Client, bucket: string): ObjectStore => {
  const at = (key: string) => ({ Bucket: bucket, Key: key })
  const changed = (key: string, etag: string) => new ObjectChangedError(`${key}: is not ${etag} any more`)

  return {
    bucket,

    head: (key, signal, versionId) =>
      abortable(signal, async () => {
        try {
          const command = new HeadObjectCommand({ ...at(key), ...version(versionId) })
          return infoOf(key, await client.send(command, { abortSignal: signal }))
        } catch (error) {
          if (isAbsence(error)) return null
          throw error
        }
      }),

    read: (key, { maxBytes, versionId, ifMatch }, signal) =>
      abortable(signal, async () => {
        const condition = ifMatch === undefined ? {} : { IfMatch: ifMatch }
        try {
          const request = { ...at(key), ...version(versionId), ...condition }
          const { answer, bytes } = await getObject(client, request, maxBytes, signal)
          return { ...infoOf(key, answer), bytes }
        } catch (error) {
          if (ifMatch !== undefined && isUnmetCondition(error)) throw changed(key, ifMatch)
          if (isAbsence(error)) return null
          throw error
        }
      }),

    readRange: (key, { start, end, etag }, signal) =>
      abortable(signal, async () => {
        try {
          const request = { ...at(key), Range: `bytes=${start}-${end - 1}`, IfMatch: etag }
          return (await getObject(client, request, end - start, signal)).bytes
        } catch (error) {
          if (isUnmetCondition(error) || isAbsence(error)) throw changed(key, etag)
          throw error
        }
      }),

    create: (key, body, options, signal) =>
      abortable(signal, async () => {
        try {
          await writeObject(client, at(key), body, options, { IfNoneMatch: '*' }, signal)
          return true
        } catch (error) {
          if (isUnmetCondition(error)) return false
          throw error
        }
      }),

    put: (key, body, options, signal) =>
      abortable(signal, () => writeObject(client, at(key), body, options, {}, signal)),

    replace: (key, etag, body, options, signal) =>
      abortable(signal, async () => {
        try {
          return await writeObject(client, at(key), body, options, { IfMatch: etag }, signal)
        } catch (error) {
          if (isUnmetCondition(error) || isAbsence(error)) return null
          throw error
        }
      }),

    async *list(prefix, signal, after) {
      const pages = paginateListObjectsV2(
        { client },
        { Bucket: bucket, Prefix: prefix, StartAfter: after },
        { abortSignal: signal },
      )
      for (;;) {
        const page = await abortable(signal, () => pages.next())
        if (page.done) return
        for (const { Key, Size, ETag, LastModified } of page.value.Contents ?? []) {
          yield {
            key: answered(Key, 'Key'),
            sizeBytes: answered(Size, 'Size'),
            etag: answered(ETag, 'ETag'),
            lastModified: answered(LastModified, 'LastModified'),
          }
        }
      }
    },

    delete: (key, signal) =>
      abortable(signal, async () => {
        await client.send(new DeleteObjectCommand(at(key)), { abortSignal: signal })
      }),
  }
}
