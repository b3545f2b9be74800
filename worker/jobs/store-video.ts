import { formatKey, type VideoKeys } from '../../shared/contracts/bucket-layout.ts'
import { FORMAT_TRAITS } from '../../shared/contracts/clip-format.ts'
import type { JobOutput, StoredFile } from '../../shared/contracts/result-record.ts'
import { inLanes } from '../../shared/in-lanes.ts'
import type { ObjectStore, WriteOptions } from '../../shared/ports/object-store.ts'
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
  options: Pick<WriteOptions, 'contentType' | 'tags'>,
  signal: AbortSignal,
): Promise<StoredFile> => {
  const stored: StoredFile = { key, size_bytes: sizeBytes, sha256 }
  const described = { ...options, sha256, metadata: { sha256 } }
  const created = await store.create(key, { path, sizeBytes }, described, signal)
  if (!created) await assertOurs(store, stored, signal)
  return stored
}

/**
 * Uploads a video, its files in other formats and its poster, all at once, under keys that no other attempt has. Returns
 * where they are. Throws what the store throws, and if another file is there, once no upload is under way any more.
 */
export const storeVideo = async (
  store: ObjectStore,
  keys: VideoKeys,
  { video, poster, files: formatted, frames, quality }: FinishedVideo,
  options: Pick<WriteOptions, 'tags'>,
  signal: AbortSignal,
): Promise<JobOutput> => {
  const uploads = [
    { key: keys.video, file: video, contentType: FORMAT_TRAITS.mp4.contentType },
    { key: keys.poster, file: poster, contentType: 'image/png' },
    ...formatted
      .filter(({ format }) => format !== 'mp4')
      .map((file) => ({
        key: formatKey(keys.video, file.format),
        file,
        contentType: FORMAT_TRAITS[file.format].contentType,
      })),
  ]
  const stored = await inLanes(uploads, uploads.length, ({ key, file, contentType }) =>
    storeFile(store, key, file, { contentType, ...options }, signal),
  )
  const [storedVideo, storedPoster] = stored
  const files = formatted.map(({ format }) => ({
    format,
    ...stored.find(({ key }) => key === formatKey(keys.video, format))!,
  }))
  return { video: storedVideo!, poster: storedPoster!, files, frames, quality }
}
