import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'

/** Which library saved the component: it decides file names and what is looked for first. */
export type WeightLibrary = 'diffusers' | 'transformers'

const STEM: Readonly<Record<WeightLibrary, string>> = {
  diffusers: 'diffusion_pytorch_model',
  transformers: 'model',
}

/** The weights of a component: one file, or an index that names its shards. */
export interface WeightFile {
  readonly name: string
  readonly sharded: boolean
  /** Variant such as `fp16`; `null` for the files without a variant, which are float32 by custom. */
  readonly variant: string | null
}

/** All the names under which a variant may be stored, the one the reference takes first in front. */
const namesOf = (library: WeightLibrary, variant: string | null): readonly Omit<WeightFile, 'variant'>[] => {
  const stem = STEM[library]
  if (variant === null) {
    const single = { name: `${stem}.safetensors`, sharded: false }
    const index = { name: `${stem}.safetensors.index.json`, sharded: true }
    return library === 'diffusers' ? [index, single] : [single, index]
  }
  const single = { name: `${stem}.${variant}.safetensors`, sharded: false }
  const indexes = [
    { name: `${stem}.safetensors.index.${variant}.json`, sharded: true },
    { name: `${stem}.safetensors.${variant}.index.json`, sharded: true }, // diffusers before 0.28
    { name: `${stem}.${variant}.safetensors.index.json`, sharded: true }, // other tools
  ]
  return library === 'diffusers' ? [...indexes, single] : [single, ...indexes]
}

/** Names of variants are words: fp16, bf16, ema, non_ema. */
const VARIANT = '[A-Za-z0-9_-]+'

const SHARD_NUMBER = /-\d{5}-of-\d{5}/

/** `null` is the files without a variant; it comes first if they are there. */
const variantsAmong = (library: WeightLibrary, entries: readonly string[]): readonly (string | null)[] => {
  const stem = STEM[library]
  const patterns = [
    `^${stem}(?:\\.(${VARIANT}))?\\.safetensors$`,
    `^${stem}\\.safetensors(?:\\.(${VARIANT}))?\\.index\\.json$`,
    `^${stem}\\.safetensors\\.index(?:\\.(${VARIANT}))?\\.json$`,
    `^${stem}\\.(${VARIANT})\\.safetensors\\.index\\.json$`,
  ].map((pattern) => new RegExp(pattern))
  const found = new Set<string | null>()
  for (const entry of entries) {
    for (const pattern of patterns) {
      const match = pattern.exec(entry)
      const variant = match?.[1] ?? null
      // A shard's name looks like a variant to the first pattern: model.fp16-00001-of-00002.safetensors.
      if (match !== null && !SHARD_NUMBER.test(variant ?? '')) found.add(variant)
    }
  }
  return [...found].sort((a, b) => (a ?? '').localeCompare(b ?? ''))
}

const named = (variant: string | null): string => (variant === null ? 'the one without a variant' : variant)

const PYTORCH_FILE = /\.(bin|pt|pth|ckpt|bin\.index(\..+)?\.json)$/

const missing = (
  component: string,
  library: WeightLibrary,
  entries: readonly string[],
): InvalidInputError => {
  const expected = `${STEM[library]}.safetensors`
  const shard = entries.find((entry) => SHARD_NUMBER.test(entry) && entry.endsWith('.safetensors'))
  if (shard !== undefined) {
    return new InvalidInputError(
      component,
      `has shards (${shard}) but no index; download ${expected}.index.json too`,
    )
  }
  const pickle = entries.find((entry) => PYTORCH_FILE.test(entry))
  if (pickle !== undefined) {
    return new InvalidInputError(
      component,
      `has its weights as a PyTorch pickle (${pickle}) only, which can run code and is not read; ` +
        `download ${expected}, or save the checkpoint again with save_pretrained(…, safe_serialization=True)`,
    )
  }
  return new InvalidInputError(
    component,
    `has no weights (no ${expected}, nor a variant or shards of it); download the whole folder`,
  )
}

/**
 * Chooses the weights of a component among the entries of its folder.
 * With `variant` undefined: the files without a variant, as diffusers does, else the only variant there is. With a
 * variant that this component lacks: the files without one, as diffusers does where another component has it.
 * Null if there are no weights at all and they are optional. Throws InvalidInputError otherwise.
 */
export const chooseWeightFile = (
  component: string,
  library: WeightLibrary,
  entries: readonly string[],
  options: { readonly variant: string | undefined; readonly optional: boolean },
): WeightFile | null => {
  const variants = variantsAmong(library, entries)
  if (variants.length === 0) {
    if (options.optional) return null
    throw missing(component, library, entries)
  }
  const { variant: wanted } = options
  const [first = null, ...others] = variants
  if (wanted === undefined && first !== null && others.length > 0) {
    throw new InvalidInputError(
      'variant',
      `${component} has several variants (${variants.map(named).join(', ')}) and no default; choose one`,
    )
  }
  const variant =
    wanted !== undefined && !variants.includes(wanted) && first === null ? null : (wanted ?? first)
  const present = new Set(entries)
  const file = namesOf(library, variant).find(({ name }) => present.has(name))
  if (file === undefined) {
    throw new InvalidInputError(
      'variant',
      `${component} has no ${named(variant)} weights; there is: ${variants.map(named).join(', ')}`,
    )
  }
  return { ...file, variant }
}
