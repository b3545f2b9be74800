import { outputKeys } from '../../shared/contracts/bucket-layout.ts'
import type { JobOutput, StoredFile } from '../../shared/contracts/result-record.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import type { FinishedVideo, LocalFile } from './job-stages.ts'

/**
 * The store may have the file from this very request, whose first answer got lost. Throws if it has anything else: no
 * other attempt has this key, so a record of it would describe an object that this attempt did not write.
 */
const assertOurs = async (
  store: ObjectStore,
  { key, sha256, size_bytes }: StoredFile,
  signal: AbortSignal,
): Promise<void> => {
  const info = await store.head(key, signal)
  if (info?.metadata['sha256'] !== sha256 || info.sizeBytes !== size_bytes)
    throw new Error(`${key}: is another file than the one that this attempt uploaded`)
}

const storeFile = async (
  store: ObjectStore,
  key: string,
  { path, sizeBytes, sha256 }: LocalFile,
  { contentType, signal }: { readonly contentType: string; readonly signal: AbortSignal },
): Promise<StoredFile> => {
  const stored: StoredFile = { key, size_bytes: sizeBytes, sha256 }
  const options = { contentType, sha256, metadata: { sha256 } }
  const created = await store.create(key, { path, sizeBytes }, options, signal)
  if (!created) await assertOurs(store, stored, signal)
  return stored
}

/**
 * Uploads the files of one attempt into that attempt's own folder, and returns where they are. Files of other attempts
 * are neither used nor changed, so that a record never describes a mixture of two renders.
 */
export const storeOutputs = async (
  store: ObjectStore,
  { jobId, attemptId }: { readonly jobId: string; readonly attemptId: string },
  videos: readonly FinishedVideo[],
  signal: AbortSignal,
): Promise<readonly JobOutput[]> => {
  const outputs: JobOutput[] = []
  for (const [index, keys] of outputKeys(jobId, attemptId, videos.length).entries()) {
    const { video, poster, frames, quality } = videos[index]!
    outputs.push({
      video: await storeFile(store, keys.video, video, { contentType: 'video/mp4', signal }),
      poster: await storeFile(store, keys.poster, poster, { contentType: 'image/png', signal }),
      frames,
      quality,
    })
  }
  return outputs
}
