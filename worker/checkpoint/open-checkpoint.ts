import { join } from 'node:path'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import type { RenderDefaults } from '../../shared/contracts/render-parameters.ts'
import { findCheckpointFolder } from './checkpoint-folder.ts'
import { type ClipVisionConfig, parseClipVisionConfig } from './clip-vision-config.ts'
import { assertComponentsFit } from './component-fit.ts'
import { type FeatureExtractorConfig, parseFeatureExtractorConfig } from './feature-extractor-config.ts'
import { folderEntries } from './folder-entries.ts'
import { exists, readJsonFile } from './json-file.ts'
import { assertModelIndex } from './model-index.ts'
import { parseRenderDefaults } from './render-defaults.ts'
import { readSafetensorsHeader } from './safetensors.ts'
import { parseSchedulerConfig, type SchedulerConfig } from './scheduler-config.ts'
import { readShardedHeaders } from './shard-index.ts'
import type { StoredTensor } from './stored-tensors.ts'
import { parseUnetConfig, type UNetConfig } from './unet-config.ts'
import { parseVaeConfig, type VaeConfig } from './vae-config.ts'
import { chooseWeightFile, type WeightLibrary } from './weight-files.ts'

export interface Component<C> {
  readonly config: C
  /** Path relative to the checkpoint, as messages name it: `unet/config.json`. */
  readonly configFile: string
  /** Tensors by the checkpoint's own keys; `null` if the folder holds configs only. */
  readonly tensors: ReadonlyMap<string, StoredTensor> | null
  /** Variant of the weight files that were taken; `null` for files without a variant. */
  readonly variant: string | null
}

export interface Checkpoint {
  /** Absolute path, with symbolic links resolved. */
  readonly dir: string
  readonly unet: Component<UNetConfig>
  readonly vae: Component<VaeConfig>
  readonly imageEncoder: Component<ClipVisionConfig>
  readonly scheduler: SchedulerConfig
  readonly featureExtractor: FeatureExtractorConfig
  /** Defaults from `svd.json`, else the reference's. */
  readonly defaults: RenderDefaults
  /** Variant of the UNet; the other components may differ if only they lack or have it. */
  readonly variant: string | null
  /** Every file that belongs to it as opened, relative to `dir`, with `/`: configs, weights of the variant, svd.json. */
  readonly files: readonly string[]
}

export interface OpenOptions {
  /** As diffusers' argument of the same name: `fp16` takes `….fp16.safetensors`. */
  readonly variant?: string
  /** `optional`: a component without any weight file is opened for its config alone. Default `required`. */
  readonly weights?: 'required' | 'optional'
}

const readConfig = async <C>(
  dir: string,
  file: string,
  parse: (json: unknown, file: string) => C,
): Promise<C> => {
  const path = join(dir, file)
  if (!(await exists(path))) throw new InvalidInputError(file, 'is missing; download the whole folder')
  return parse(await readJsonFile(file, path), file)
}

const readTensors = async (
  dir: string,
  name: string,
  library: WeightLibrary,
  { variant, weights }: OpenOptions,
) => {
  const entries = await folderEntries(join(dir, name), name)
  const chosen = chooseWeightFile(name, library, entries, { variant, optional: weights === 'optional' })
  if (chosen === null) return { tensors: null, variant: null, weightFiles: [] }
  const { tensors, shards } = chosen.sharded
    ? await readShardedHeaders(name, join(dir, name), chosen.name)
    : { tensors: await readSafetensorsHeader(join(dir, name, chosen.name)), shards: [] }
  const weightFiles = [chosen.name, ...shards].map((file) => `${name}/${file}`)
  return { tensors, variant: chosen.variant, weightFiles }
}

/** Some components may lack a variant, as in diffusers; if all do, it is a slip. */
const assertVariantIsThere = (
  wanted: string | undefined,
  components: Readonly<Record<string, Component<unknown>>>,
): void => {
  const found = Object.entries(components).filter(([, { tensors }]) => tensors !== null)
  if (wanted === undefined || found.length === 0 || found.some(([, { variant }]) => variant === wanted))
    return
  const there = found.map(([name, { variant }]) => `${name} ${variant ?? 'without a variant'}`)
  throw new InvalidInputError('variant', `no component has ${wanted} weights; there is: ${there.join(', ')}`)
}

/**
 * Opens a diffusers folder of Stable Video Diffusion: configs parsed, weights located, nothing of them loaded.
 * Throws InvalidInputError for a folder that is something else, and for any value the networks do not implement.
 */
export const openCheckpoint = async (dir: string, options: OpenOptions = {}): Promise<Checkpoint> => {
  const root = await findCheckpointFolder(dir)
  const files: string[] = []
  const config = <C>(file: string, parse: (json: unknown, file: string) => C): Promise<C> => {
    files.push(file)
    return readConfig(root, file, parse)
  }
  await config('model_index.json', assertModelIndex)
  const open = async <C>(
    name: string,
    library: WeightLibrary,
    parse: (json: unknown, file: string) => C,
  ): Promise<Component<C>> => {
    const configFile = `${name}/config.json`
    const parsed = await config(configFile, parse)
    const { weightFiles, ...weights } = await readTensors(root, name, library, options)
    files.push(...weightFiles)
    return { config: parsed, configFile, ...weights }
  }
  const unet = await open('unet', 'diffusers', parseUnetConfig)
  const vae = await open('vae', 'diffusers', parseVaeConfig)
  const imageEncoder = await open('image_encoder', 'transformers', parseClipVisionConfig)
  assertVariantIsThere(options.variant, { unet, vae, image_encoder: imageEncoder })
  assertComponentsFit({ unet: unet.config, vae: vae.config, imageEncoder: imageEncoder.config })
  const parseDefaults = (json: unknown): RenderDefaults => parseRenderDefaults(json, unet.config.numFrames)
  return {
    dir: root,
    unet,
    vae,
    imageEncoder,
    scheduler: await config('scheduler/scheduler_config.json', parseSchedulerConfig),
    featureExtractor: await config('feature_extractor/preprocessor_config.json', parseFeatureExtractorConfig),
    defaults: (await exists(join(root, 'svd.json')))
      ? await config('svd.json', parseDefaults)
      : parseDefaults({}),
    variant: unet.variant,
    files,
  }
}
