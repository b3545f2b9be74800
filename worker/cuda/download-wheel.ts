import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import pRetry, { AbortError } from 'p-retry'
import { findWheel } from './find-wheel.ts'
import type { Address } from './package-index.ts'
import type { PinnedFile, ProviderRelease } from './provider-release.ts'
import { request, shownUrl } from './request.ts'

const RETRIES = 3

export interface WheelDownloadOptions {
  /** Receives the byte count so far; it begins anew with each attempt. */
  readonly onBytes: (doneBytes: number) => void
  /** Before the second attempt; each later wait is twice as long. */
  readonly firstRetryMs: number
}

const writeVerified = async (
  { body }: Response,
  url: string,
  { sizeBytes, sha256 }: PinnedFile,
  target: string,
  onBytes: WheelDownloadOptions['onBytes'],
  signal: AbortSignal,
): Promise<void> => {
  if (body === null) throw new Error(`${url} has no content`)
  const hash = createHash('sha256')
  let doneBytes = 0
  const meter = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      doneBytes += chunk.length
      // What is longer is another file, and does not get to fill the disk.
      if (doneBytes > sizeBytes)
        throw new AbortError(`${url} has more than the ${sizeBytes} bytes of the wheel`)
      hash.update(chunk)
      onBytes(doneBytes)
      yield chunk
    }
  }
  await pipeline(body, meter, createWriteStream(target), { signal })
  if (doneBytes < sizeBytes) throw new Error(`${url} broke off after ${doneBytes} of ${sizeBytes} bytes`)
  const actual = hash.digest('hex')
  if (actual !== sha256) {
    throw new AbortError(`${url} has SHA-256 ${actual}; must be ${sha256}, so the index has another file`)
  }
}

/**
 * Downloads a release's wheel from the index to `target`, and verifies size and SHA-256. Repeats what a fault of the
 * network or the server ended. Throws an error that names the URL; `target` may hold a part of the wheel then.
 */
export const downloadWheel = async (
  index: Address,
  release: ProviderRelease,
  target: string,
  { onBytes, firstRetryMs }: WheelDownloadOptions,
  signal: AbortSignal,
): Promise<void> =>
  await pRetry(
    async () => {
      const address = await findWheel(index, release, signal)
      const response = await request(address, signal)
      await writeVerified(response, shownUrl(address.url), release.wheel, target, onBytes, signal)
    },
    { retries: RETRIES, minTimeout: firstRetryMs, signal },
  )
