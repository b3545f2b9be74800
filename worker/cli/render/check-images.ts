import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { unreadableImages } from '../../client/convert/input-images.ts'
import type { ImageSource } from '../../clips/image-source.ts'

/** An image that cannot be rendered, and the error that names it. */
export interface ImageFault {
  readonly image: string
  readonly error: unknown
}

/** Faults of files that cannot even be opened. */
export const openFaults = async (images: readonly string[]): Promise<readonly ImageFault[]> =>
  (await unreadableImages(images)).map(({ image, fault }) => ({
    image,
    error: new InvalidInputError(image, fault),
  }))

export interface DecodedImages {
  /** Hash of each sound image's pixels, as `hashPixels` gives it. */
  readonly pixels: ReadonlyMap<string, string>
  readonly faults: readonly ImageFault[]
}

/** Decodes images, one after the other so that one is in memory at a time. Throws the signal's reason. */
export const decodeImages = async (
  images: readonly string[],
  source: Pick<ImageSource, 'check'>,
  signal: AbortSignal,
): Promise<DecodedImages> => {
  const pixels = new Map<string, string>()
  const faults: ImageFault[] = []
  for (const image of images) {
    signal.throwIfAborted()
    try {
      pixels.set(image, await source.check(image, signal))
    } catch (error) {
      signal.throwIfAborted()
      faults.push({ image, error })
    }
  }
  return { pixels, faults }
}

const messageOf = ({ error }: ImageFault): string => (error instanceof Error ? error.message : String(error))

/**
 * Throws one InvalidInputError with all faults if no image is left, or if `strict` and any is faulty. Otherwise the other
 * images go on.
 */
export const assertSomeUsable = (
  faults: readonly ImageFault[],
  { imageCount, strict }: { readonly imageCount: number; readonly strict: boolean },
): void => {
  const [first] = faults
  if (first === undefined || (faults.length < imageCount && !strict)) return
  if (faults.length === 1 && imageCount === 1) throw first.error
  const text = faults.map(messageOf).join('\n')
  const rest = text.startsWith(`${first.image}: `) ? text.slice(first.image.length + 2) : text
  const because =
    faults.length === imageCount
      ? ''
      : `\n--strict: none of the ${imageCount} images is rendered, because ${faults.length} cannot be; ` +
        'fix or leave out these, or leave out --strict'
  throw new InvalidInputError(first.image, `${rest}${because}`)
}
