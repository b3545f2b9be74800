import type { RenderArguments } from '../../../shared/contracts/render-arguments.ts'
import { mergeArguments } from '../../../shared/manifest/merge-arguments.ts'
import type { ReadManifest } from '../../../shared/manifest/parse-manifest.ts'
import { combinationsOf } from '../../../shared/manifest/read-grid.ts'
import type { ImageRequest } from './image-upload.ts'

/** A clip that an upload asks for, as far as it is known before ingest has made its job. */
export interface ExpectedClip {
  readonly uploadKey: string
  readonly imageKey: string
  /** Position of the item in its manifest, from 1, and its id; `null` for an image without a manifest. */
  readonly item: number | null
  readonly itemId: string | null
  /** `null` if the upload gives none. */
  readonly group: string | null
  /** Arguments that the upload gives. The checkpoint has the others. */
  readonly given: RenderArguments
}

/** Clips of an image that is uploaded without a manifest: one, or one of each seed. */
export const expectedOfImage = (
  imageKey: string,
  { given, seeds = null }: Pick<ImageRequest, 'given' | 'seeds'>,
): readonly ExpectedClip[] => {
  const each = seeds === null ? [given] : seeds.map((seed) => ({ ...given, seed }))
  return each.map((one) => ({
    ...{ uploadKey: imageKey, imageKey, given: one },
    ...{ item: null, itemId: null, group: null },
  }))
}

/** Clips of a manifest without faults: of each item one for each combination of its grid. */
export const expectedOfManifest = (
  uploadKey: string,
  { header, items }: Pick<ReadManifest, 'header' | 'items'>,
): readonly ExpectedClip[] =>
  items.flatMap(({ image, id, group, parameters, grid, location }) => {
    const below = mergeArguments(header.defaults.values, parameters.values)
    return [...combinationsOf(grid)].map((combination) => ({
      ...{ uploadKey, imageKey: image.normalize('NFC'), group },
      ...{ item: location.item, itemId: id },
      given: mergeArguments(below, combination),
    }))
  })
