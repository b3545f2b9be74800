import type { ImageJob } from '../../clips/image-job.ts'
import type { ImageSource } from '../../clips/image-source.ts'
import type { RenderSettings } from '../../renderer/render-job.ts'
import type { ChosenSeeds } from '../seed-options.ts'
import { assertSomeUsable, decodeImages, type ImageFault, openFaults } from './check-images.ts'
import { prepareJobs } from './image-jobs.ts'
import type { RenderCommandOptions } from './options.ts'

export interface PreparedRender {
  readonly jobs: readonly ImageJob[]
  /** Images that cannot be rendered, which have no job. */
  readonly faults: readonly ImageFault[]
  /** Hash of each image's pixels, as `hashPixels` gives it. */
  readonly pixels: ReadonlyMap<string, string>
}

type ClipSettings = Pick<RenderSettings, 'device' | 'cacheDir'> &
  Pick<ChosenSeeds<unknown>, 'seeds'> & { readonly source: Pick<ImageSource, 'check'> }

/**
 * Checks everything that can be checked before the model is loaded: files, arguments, checkpoint, output names and
 * folders, and every image by decoding it. A faulty image does not keep the others from being rendered. Throws
 * InvalidInputError for every other mistake, if no image is left, and with `--strict` if one is faulty.
 */
export const prepareRender = async (
  images: readonly string[],
  options: RenderCommandOptions,
  { source, ...settings }: ClipSettings,
  signal: AbortSignal,
): Promise<PreparedRender> => {
  const limits = { imageCount: images.length, strict: options.strict === true }
  const unopened = await openFaults(images)
  assertSomeUsable(unopened, limits)
  const without = (faults: readonly ImageFault[]): ((image: string) => boolean) => {
    const faulty = new Set(faults.map(({ image }) => image))
    return (image) => !faulty.has(image)
  }
  const opened = images.filter(without(unopened))
  const jobs = await prepareJobs(opened, options, settings)
  const { pixels, faults: undecoded } = await decodeImages(opened, source, signal)
  const inOrder = new Map(images.map((image, index) => [image, index]))
  const faults = [...unopened, ...undecoded].toSorted(
    (a, b) => (inOrder.get(a.image) ?? 0) - (inOrder.get(b.image) ?? 0),
  )
  assertSomeUsable(faults, limits)
  const isSound = without(faults)
  return { jobs: jobs.filter(({ image }) => isSound(image)), faults, pixels }
}
