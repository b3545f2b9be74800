import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { errorCode, openFault } from './file-bytes.ts'
import { folderEntries } from './folder-entries.ts'
import { downloadCommand, hubFault } from './hub-download.ts'
import { knownNameFault } from './known-configs.ts'

const LAYOUT =
  'a diffusers folder (model_index.json, unet/, vae/, image_encoder/, scheduler/, feature_extractor/)'

/**
 * The snapshot that a folder of the Hub's cache suggests: the one of `refs/main`, else the only one or one of several.
 * `null` if there is none.
 *
 *     models--OWNER--NAME/refs/main                the commit that the branch `main` had at the last download
 *     models--OWNER--NAME/snapshots/COMMIT/…       one folder for each downloaded commit
 */
const suggestSnapshot = async (snapshotsDir: string): Promise<string | null> => {
  const snapshots = await readdir(snapshotsDir).catch(() => [])
  const main = await readFile(join(snapshotsDir, '..', 'refs', 'main'), 'utf8').catch(() => '')
  const ofMain = snapshots.find((commit) => commit === main.trim())
  if (ofMain !== undefined) return `give the snapshot inside it: ${join(snapshotsDir, ofMain)}`
  const [first, ...others] = snapshots.toSorted()
  if (first === undefined) return null
  const which = others.length === 0 ? 'the snapshot' : `one of the ${snapshots.length} snapshots`
  return `give ${which} inside it: ${join(snapshotsDir, first)}`
}

/** A folder that holds no model_index.json: what it looks like, and what to give instead. */
const diagnose = async (dir: string, entries: readonly string[]): Promise<string> => {
  const beside: readonly string[] = await readdir(join(dir, '..')).catch(() => [])
  const isSnapshots = basename(resolve(dir)) === 'snapshots' && beside.includes('refs')
  if (isSnapshots || entries.includes('snapshots')) {
    const suggestion = await suggestSnapshot(isSnapshots ? dir : join(dir, 'snapshots'))
    const what = isSnapshots ? 'holds the snapshots' : 'is the root'
    if (suggestion !== null) return `${what} of a Hub cache entry; ${suggestion}`
  }
  const single = entries.find(
    (entry) => /\.(safetensors|ckpt)$/.test(entry) && !/^(model|diffusion_pytorch_model)\./.test(entry),
  )
  if (single !== undefined && !entries.includes('unet')) {
    return `holds a single-file checkpoint (${single}), which is not read; give ${LAYOUT}, for example from: ${downloadCommand()}`
  }
  if (entries.includes('unet')) return 'has no model_index.json; copy it from the place the rest came from'
  if (entries.includes('config.json') || entries.includes('scheduler_config.json')) {
    return 'has no model_index.json and looks like one component of a checkpoint; give the folder above it'
  }
  return `has no model_index.json; give ${LAYOUT}, for example from: ${downloadCommand()}`
}

/** Resolves the folder of a checkpoint. Throws InvalidInputError that says what is there instead. */
export const findCheckpointFolder = async (dir: string): Promise<string> => {
  let isDirectory: boolean
  let root: string
  try {
    root = await realpath(dir)
    isDirectory = (await stat(root)).isDirectory()
  } catch (cause) {
    if (errorCode(cause) !== 'ENOENT') throw openFault(dir, cause)
    const fault =
      knownNameFault(dir) ?? hubFault(dir) ?? 'there is no such folder; check the path of the checkpoint'
    throw new InvalidInputError(dir, fault, { cause })
  }
  if (!isDirectory) {
    const single = /\.(safetensors|ckpt)$/.test(dir)
      ? 'is a single-file checkpoint, which is not read'
      : 'is a file'
    throw new InvalidInputError(dir, `${single}; give ${LAYOUT}, for example from: ${downloadCommand()}`)
  }
  const entries = await folderEntries(root, dir)
  if (!entries.includes('model_index.json')) throw new InvalidInputError(dir, await diagnose(dir, entries))
  return root
}
