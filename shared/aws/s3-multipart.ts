import { createHash, type Hash } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { inLanes } from '../in-lanes.ts'
import type { WriteOptions } from '../ports/object-store.ts'
import { answered } from './answered.ts'
import { type OpenBody, sha256Base64 } from './s3-body.ts'
import { taggingOf } from './s3-tagging.ts'

/**
 * Byte count up to which a body is sent in one request; parts of a larger body have at least as many. Above S3's
 * minimum for a part, 5 MiB, and below what small endpoints accept in a request.
 */
export const UPLOAD_PART_BYTES = 8 * 2 ** 20
const MAX_PARTS = 10_000
const PARTS_AT_ONCE = 4
/** For telling S3 to forget the parts, when the caller's signal may be aborted already. */
const CLEANUP_MS = 10_000

export interface WriteTarget {
  readonly Bucket: string
  readonly Key: string
}

export type WriteCondition =
  | { readonly IfNoneMatch: '*' }
  | { readonly IfMatch: string }
  | Readonly<Record<never, never>>

interface Part {
  readonly number: number
  readonly bytes: Uint8Array
}

/** Reads the parts in order, whichever lane asks for the next one, so that `hash` covers the whole body. */
async function* partsOf(body: OpenBody, hash: Hash): AsyncGenerator<Part> {
  const partBytes = Math.max(UPLOAD_PART_BYTES, Math.ceil(body.sizeBytes / MAX_PARTS))
  for (let start = 0, number = 1; start < body.sizeBytes; start += partBytes, number += 1) {
    const bytes = await body.read(start, Math.min(start + partBytes, body.sizeBytes))
    hash.update(bytes)
    yield { number, bytes }
  }
}

/**
 * Sends a body in parts and joins them if the condition holds then. Returns the etag. Throws what S3 answers; nothing
 * is left behind. S3 checks each part's SHA-256, but not that of the whole: that is checked here, on the same bytes.
 */
export const uploadInParts = async (
  client: S3Client,
  target: WriteTarget,
  body: OpenBody,
  options: WriteOptions,
  condition: WriteCondition,
  abortSignal: AbortSignal,
): Promise<string> => {
  const begin = new CreateMultipartUploadCommand({
    ...target,
    ContentType: options.contentType,
    Metadata: { ...options.metadata },
    ...taggingOf(options),
    ChecksumAlgorithm: 'SHA256',
  })
  const { UploadId } = await client.send(begin, { abortSignal })
  const upload = { ...target, UploadId }
  try {
    const hash = createHash('sha256')
    // It ends when no part is under way any more: a part that arrives after the upload was aborted stays, and costs.
    const parts = await inLanes(partsOf(body, hash), PARTS_AT_ONCE, async ({ number, bytes }) => {
      const checksum = { PartNumber: number, ChecksumSHA256: sha256Base64(bytes) }
      const command = new UploadPartCommand({ ...upload, ...checksum, Body: bytes })
      const { ETag } = await client.send(command, { abortSignal })
      return { ...checksum, ETag }
    })
    const sha256 = hash.digest('hex')
    if (options.sha256 !== undefined && options.sha256 !== sha256) {
      throw new Error(`${target.Key}: has SHA-256 ${sha256}, not ${options.sha256} as announced`)
    }
    const join = new CompleteMultipartUploadCommand({
      ...upload,
      ...condition,
      MultipartUpload: { Parts: [...parts] },
    })
    const { ETag } = await client.send(join, { abortSignal })
    return answered(ETag, 'ETag')
  } catch (error) {
    const giveUp = new AbortMultipartUploadCommand(upload)
    // Best effort: the bucket's lifecycle rule takes what is left.
    await client.send(giveUp, { abortSignal: AbortSignal.timeout(CLEANUP_MS) }).catch(() => {})
    throw error
  }
}
