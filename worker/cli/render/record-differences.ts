import type { ClipMetadata, ClipRecord } from '../../../shared/contracts/clip-record.ts'

const DIGEST_DIGITS = 12

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? null))

type Fact = readonly [name: string, value: unknown]

/** Facts that decide about a clip's bytes and that are known before it is rendered. */
const factsOf = ({ image, model, parameters, ...made }: ClipMetadata): readonly Fact[] => [
  ['image', `pixels ${image.pixels_sha256.slice(0, DIGEST_DIGITS)}`],
  ['model', `${model.id} ${model.sha256.slice(0, DIGEST_DIGITS)}`],
  ...Object.entries(parameters),
  ['svd-batch', made.svd_batch],
  ['device', made.execution_provider],
  ['precision', made.precision],
  ['fallback decode', made.fallback_decode],
  ['video', made.video],
]

/** A file's name and a model's id may change without the content. */
const isSame = (
  name: string,
  before: ClipMetadata,
  now: ClipMetadata,
  values: readonly [unknown, unknown],
) => {
  if (name === 'image') return before.image.pixels_sha256 === now.image.pixels_sha256
  if (name === 'model') return before.model.sha256 === now.model.sha256
  return JSON.stringify(values[0]) === JSON.stringify(values[1])
}

/**
 * Facts in which a clip that is there differs from the one that would be rendered now: `seed 0, now 7`. Empty: it would be
 * the same clip.
 */
export const recordDifferences = (before: ClipRecord, now: ClipMetadata): readonly string[] => {
  const [old, wanted] = [new Map(factsOf(before)), new Map(factsOf(now))]
  const names = [...new Set([...old.keys(), ...wanted.keys()])]
  return names.flatMap((name) => {
    const values = [old.get(name), wanted.get(name)] as const
    return isSame(name, before, now, values) ? [] : [`${name} ${shown(values[0])}, now ${shown(values[1])}`]
  })
}
