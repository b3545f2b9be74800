import type { PlannedManifest, Schedule } from './schedule.ts'

export interface UploadedManifest {
  readonly key: string
  readonly body: string
  /** Returns the context of an item, counted from 1. */
  contextOf(item: number): unknown
}

/** Every other item has a context of its own, and the others have the manifest's. */
const contextOfItem = (key: string, item: number): object =>
  item % 2 === 0 ? { manifest: key, item } : { manifest: key }

const manifestOf = (
  key: string,
  images: readonly string[],
  seeds: readonly [number, number],
): UploadedManifest => ({
  key,
  body: JSON.stringify({
    ...{ context: { manifest: key }, grid: { seed: seeds } },
    items: images.map((image, index) => ({
      image,
      ...(index % 2 === 1 && { context: contextOfItem(key, index + 1) }),
    })),
  }),
  contextOf: (item) => contextOfItem(key, item),
})

const ABSENT = ['images/absent.png', 'images/none.png'] as const
const NAMES: Readonly<Record<PlannedManifest['kind'], string>> = {
  'same-clips': 'manifests/same.json',
  'no-image': 'manifests/none.json',
}

/** Manifests of a schedule, in order. The first one and those with the same clips end with an item that is rejected. */
export const manifestsOf = (
  { manifestSeeds, moreManifests }: Schedule,
  images: readonly string[],
): readonly [UploadedManifest, ...UploadedManifest[]] => [
  manifestOf('manifests/sweep.json', [...images, ABSENT[0]], manifestSeeds),
  ...moreManifests.map(({ kind }) =>
    manifestOf(NAMES[kind], kind === 'no-image' ? ABSENT : [...images, ABSENT[0]], manifestSeeds),
  ),
]
