import { constants, createReadStream, createWriteStream } from 'node:fs'
import { copyFile, link } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { makeFolders } from '../../shared/files/make-folders.ts'
import type { Checkpoint } from '../checkpoint/open-checkpoint.ts'
import type { StoredTensor } from '../checkpoint/stored-tensors.ts'

/*
 * ONNX Runtime opens external data only inside the model's folder, and no links that lead out of it. Hard links it
 * takes, onnx.checker does not.
 */
export type WeightPlacement = 'copy' | 'link'

/** Weight files by where they are: their place in the exported folder, with forward slashes. */
export type WeightNames = ReadonlyMap<string, string>

/** In a Hub cache a file is named by its hash alone. */
const withEnding = (name: string): string => (name.endsWith('.safetensors') ? name : `${name}.safetensors`)

export const weightNamesOf = (checkpoint: Checkpoint): WeightNames => {
  const components = { unet: checkpoint.unet, vae: checkpoint.vae, image_encoder: checkpoint.imageEncoder }
  const names = new Map<string, string>()
  for (const [component, { tensors }] of Object.entries(components)) {
    for (const { file } of (tensors ?? new Map<string, StoredTensor>()).values()) {
      names.set(file, `${component}/${withEnding(path.basename(file))}`)
    }
  }
  return names
}

const copy = async (from: string, to: string, signal: AbortSignal): Promise<void> => {
  try {
    // On file systems that can: no bytes are copied until one of the two is changed.
    await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE)
  } catch {
    await pipeline(createReadStream(from), createWriteStream(to), { signal })
  }
}

const hardLink = async (from: string, to: string, signal: AbortSignal): Promise<void> => {
  try {
    await link(from, to)
  } catch (error) {
    // Another disk, or a file system without links.
    if (!['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error
    await copy(from, to, signal)
  }
}

export const placeWeights = async (
  names: WeightNames,
  folder: string,
  { placement, signal }: { readonly placement: WeightPlacement; readonly signal: AbortSignal },
): Promise<void> => {
  for (const [from, name] of names) {
    signal.throwIfAborted()
    const to = path.join(folder, name)
    await makeFolders(path.dirname(to))
    await (placement === 'link' ? hardLink : copy)(from, to, signal)
  }
}
