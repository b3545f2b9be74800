import { NoSuchUpload, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import pRetry from 'p-retry'
import type { Body, WriteOptions } from '../ports/object-store.ts'
import { answered } from './answered.ts'
import { type OpenBody, openBody } from './s3-body.ts'
import { UPLOAD_PART_BYTES, uploadInParts, type WriteCondition, type WriteTarget } from './s3-multipart.ts'
import { isConflict } from './s3-status.ts'
import { taggingOf } from './s3-tagging.ts'

const CONFLICT_RETRIES = 5
const FIRST_RETRY_MS = 50

const putWhole = async (
  client: S3Client,
  target: WriteTarget,
  body: OpenBody,
  options: WriteOptions,
  condition: WriteCondition,
  abortSignal: AbortSignal,
): Promise<string> => {
  const { sha256 } = options
  const command = new PutObjectCommand({
    ...target,
    ...condition,
    Body: await body.read(0, body.sizeBytes),
    ContentType: options.contentType,
    Metadata: { ...options.metadata },
    ...taggingOf(options),
    ...(sha256 !== undefined && { ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64') }),
  })
  const { ETag } = await client.send(command, { abortSignal })
  return answered(ETag, 'ETag')
}

/**
 * Writes if the condition holds, and returns the new etag. Throws what S3 answers (s3-status.ts).
 * A conflict says nothing about the condition and is tried again. So is an upload whose parts S3 no longer knows: the
 * answer to an earlier try to join them may have got lost, and then the condition tells.
 */
export const writeObject = async (
  client: S3Client,
  target: WriteTarget,
  body: Body,
  options: WriteOptions,
  condition: WriteCondition,
  signal: AbortSignal,
): Promise<string> => {
  await using opened = await openBody(body)
  const write = opened.sizeBytes > UPLOAD_PART_BYTES ? uploadInParts : putWhole
  return await pRetry(() => write(client, target, opened, options, condition, signal), {
    retries: CONFLICT_RETRIES,
    minTimeout: FIRST_RETRY_MS,
    randomize: true,
    signal,
    shouldRetry: ({ error }) => isConflict(error) || error instanceof NoSuchUpload,
  })
}
