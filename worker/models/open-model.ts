import path from 'node:path'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import type { ModelRecord } from '../../shared/contracts/model-record.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { readModelRecord } from '../../shared/records/read-model-record.ts'
import { openCheckpoint } from '../checkpoint/open-checkpoint.ts'
import { describeModel } from './describe-model.ts'
import { DOWNLOAD_PART_BYTES } from './download-files.ts'
import { type FetchOptions, fetchModel } from './fetch-model.ts'
import { freeDiskBytes } from './free-disk.ts'
import { modelIdOfFolder } from './identify-model.ts'
import { parseModelSource } from './model-source.ts'

/** A model on this machine. */
export interface OpenModel {
  /** A diffusers folder. */
  readonly dir: string
  /** Variant for `openCheckpoint` and the renderer, which may need it to choose; it may differ from the record's. */
  readonly variant: string | null
  readonly record: ModelRecord
}

export interface OpenModelOptions extends Partial<Omit<FetchOptions, 'cacheDir'>> {
  /** Folder for models from a bucket; `null` if only folders can be opened. */
  readonly cacheDir: string | null
  /** Variant of a folder's weight files; `null` for the files without a variant, else the only variant there is. */
  readonly variant: string | null
  readonly openStore: (bucket: string) => ObjectStore
  /** Name of the source in messages; default `model`. */
  readonly field?: string
}

const openFolder = async (
  dir: string,
  { variant, onProgress = () => {} }: OpenModelOptions,
  signal: AbortSignal,
): Promise<OpenModel> => {
  const options = { modelId: modelIdOfFolder(dir), variant, onProgress }
  return { dir: path.resolve(dir), variant, record: await describeModel(dir, options, signal) }
}

/**
 * Opens a model by its source: a folder, which is used where it is, or `s3://BUCKET/models/ID/`, which is fetched into
 * `cacheDir` as far as it is not there yet. Every file has been compared with its SHA-256 when this returns, unless
 * `verify` is `sizes`.
 * Throws InvalidInputError for a model that is not there or not whole, and Error where the machine cannot take it.
 */
export const openModel = async (
  source: string,
  options: OpenModelOptions,
  signal: AbortSignal,
): Promise<OpenModel> => {
  const { field = 'model', cacheDir } = options
  const parsed = parseModelSource(field, source)
  if (parsed.kind === 'folder') return await openFolder(parsed.dir, options, signal)
  if (cacheDir === null) {
    throw new InvalidInputError('SVD_CACHE_DIR', 'is empty; a model from a bucket has to be kept somewhere')
  }
  const store = options.openStore(parsed.bucket)
  const record = await readModelRecord(store, parsed.modelId, signal)
  if (record === null) {
    throw new InvalidInputError(field, `${source} has no model.json; put it there with: svd models push DIR`)
  }
  if (options.variant !== null && options.variant !== record.variant) {
    throw new InvalidInputError(
      'variant',
      `got '${options.variant}'; ${source} holds ${record.variant ?? 'none'}`,
    )
  }
  const fetching = {
    cacheDir,
    verify: options.verify ?? 'hashes',
    onProgress: options.onProgress ?? (() => {}),
    freeDiskBytes: options.freeDiskBytes ?? freeDiskBytes,
    partBytes: options.partBytes ?? DOWNLOAD_PART_BYTES,
  }
  const dir = await fetchModel(store, record, fetching, signal)
  // Only files of the variant are there; each component's own is the one that is found.
  await openCheckpoint(dir)
  return { dir, variant: null, record }
}
