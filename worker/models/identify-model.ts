import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { ModelReference } from '../../shared/contracts/job-message.ts'
import { hashModel, type ModelFile, type ModelRecord } from '../../shared/contracts/model-record.ts'
import { hashFile } from '../../shared/files/hash-file.ts'
import type { Checkpoint } from '../checkpoint/open-checkpoint.ts'
import { type OnModelProgress, openByteCount } from './model-progress.ts'

/** Everything that a model's hash depends on: the files of the checkpoint as opened, and their variant. */
export type ModelIdentity = Pick<ModelRecord, 'files' | 'variant'>

/** Hashes every file of a checkpoint. */
export const hashCheckpoint = async (
  checkpoint: Pick<Checkpoint, 'dir' | 'files' | 'variant'>,
  onProgress: OnModelProgress,
  signal: AbortSignal,
): Promise<ModelIdentity> => {
  const places = checkpoint.files.map((file) => ({ file, place: path.join(checkpoint.dir, file) }))
  const sizes = await Promise.all(places.map(async ({ place }) => (await stat(place)).size))
  const count = openByteCount(
    'hash',
    sizes.reduce((total, size) => total + size, 0),
    onProgress,
  )
  const files: ModelFile[] = []
  for (const { file, place } of places) {
    const { sha256, sizeBytes } = await hashFile(place, signal, count)
    files.push({ path: file, size_bytes: sizeBytes, sha256 })
  }
  return { variant: checkpoint.variant, files }
}

/** Id of a model that is used from a folder: the folder's name, as far as an id may have its characters. */
export const modelIdOfFolder = (dir: string): string => {
  const name = path.basename(path.resolve(dir)).replaceAll(/[^A-Za-z0-9._-]+/g, '')
  const id = name.replace(/^[._-]+/, '').slice(0, 100)
  return id === '' ? 'model' : id
}

/** Id and hash of the model in a folder, the same as a worker has for it. `dir` is the folder as the user named it. */
export const identifyModel = async (
  dir: string,
  checkpoint: Pick<Checkpoint, 'dir' | 'files' | 'variant'>,
  signal: AbortSignal,
): Promise<ModelReference> => ({
  id: modelIdOfFolder(dir),
  sha256: hashModel(await hashCheckpoint(checkpoint, () => {}, signal)),
})
