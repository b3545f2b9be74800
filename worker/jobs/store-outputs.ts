import { outputKeys } from '../../shared/contracts/bucket-layout.ts'
import type { JobOutput, StoredFile } from '../../shared/contracts/result-record.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import type { FinishedVideo, LocalFile } from './job-stages.ts'

const SHA256 = /^[0-9a-f]{64}$/

/** Of a file that an earlier attempt left there: what counts is what it has, not what this one would have written. */
const storedBefore = async (store: ObjectStore, key: string, signal: AbortSignal): Promise<StoredFile> => {
  const info = await store.head(key, signal)
  if (info === null) throw new Error(`${key}: was there and is gone`)
  const sha256 = info.metadata['sha256'] ?? ''
  if (!SHA256.test(sha256))
    throw new Error(`${key}: is there, but no worker wrote it: its SHA-256 is not with it`)
  return { key, size_bytes: info.sizeBytes, sha256 }
}

const storeOnce = async (
  store: ObjectStore,
  key: string,
  { path, sizeBytes, sha256 }: LocalFile,
  { contentType, signal }: { readonly contentType: string; readonly signal: AbortSignal },
): Promise<StoredFile> => {
  const options = { contentType, sha256, metadata: { sha256 } }
  const created = await store.create(key, { path, sizeBytes }, options, signal)
  return created ? { key, size_bytes: sizeBytes, sha256 } : await storedBefore(store, key, signal)
}

/**
 * Puts a job's files where its record will say they are, and tells what is there then. A file that an earlier attempt
 * has written stays: it was complete, and somebody may have seen it.
 */
export const storeOutputs = async (
  store: ObjectStore,
  jobId: string,
  videos: readonly FinishedVideo[],
  signal: AbortSignal,
): Promise<readonly JobOutput[]> => {
  const outputs: JobOutput[] = []
  for (const [index, keys] of outputKeys(jobId, videos.length).entries()) {
    const { video, poster, frames, quality } = videos[index]!
    outputs.push({
      video: await storeOnce(store, keys.video, video, { contentType: 'video/mp4', signal }),
      poster: await storeOnce(store, keys.poster, poster, { contentType: 'image/png', signal }),
      frames,
      quality,
    })
  }
  return outputs
}
