import type { Readable } from 'node:stream'
import { GetObjectCommand, type GetObjectCommandInput, type S3Client } from '@aws-sdk/client-s3'
import pRetry from 'p-retry'
import { ObjectTooLargeError } from '../ports/object-store.ts'
import { answered } from './answered.ts'

const RETRIES = 3
const FIRST_RETRY_MS = 100

/** An answer whose body broke off, or has not the checksum it came with: the SDK does not ask again by itself. */
class BrokenBodyError extends Error {
  override readonly name = 'BrokenBodyError'
}

const collect = async (key: string, body: Readable, sizeBytes: number): Promise<Uint8Array> => {
  const bytes = new Uint8Array(sizeBytes)
  let filled = 0
  try {
    for await (const chunk of body) {
      bytes.set(chunk, filled)
      filled += chunk.length
    }
  } catch (error) {
    throw new BrokenBodyError(`${key}: broke off after ${filled} of ${sizeBytes} bytes`, { cause: error })
  }
  return bytes
}

/**
 * One object or a range of it, whole in memory, with what S3 says about it. Throws ObjectTooLargeError before a byte is
 * read if there are more than `maxBytes`, and what S3 answers (s3-status.ts).
 */
export const getObject = (
  client: S3Client,
  request: GetObjectCommandInput & { readonly Key: string },
  maxBytes: number,
  signal: AbortSignal,
) =>
  pRetry(
    async () => {
      const answer = await client.send(new GetObjectCommand(request), { abortSignal: signal })
      const body = answer.Body as Readable
      const sizeBytes = answered(answer.ContentLength, 'Content-Length')
      if (sizeBytes > maxBytes) {
        body.destroy()
        throw new ObjectTooLargeError(request.Key, sizeBytes, maxBytes)
      }
      return { answer, bytes: await collect(request.Key, body, sizeBytes) }
    },
    {
      retries: RETRIES,
      minTimeout: FIRST_RETRY_MS,
      randomize: true,
      signal,
      shouldRetry: ({ error }) => error instanceof BrokenBodyError,
    },
  )
