import { autoSize, type PixelSize, sizeMultiple } from './auto-size.ts'
import type { FitMode } from './fit-mode.ts'
import { imageFit } from './image-fit.ts'
import type { InputFault } from './input-fault.ts'
import { shownValue } from './shown-value.ts'

/*
 * The size of a clip, which a request gives in one of three ways:
 *
 *   width, height           the sides; one that is not given is the model's own
 *   size WIDTHxHEIGHT       both at once; `model`: the model's own size
 *   size auto               the model's pixels (or max_pixels) in the image's own proportions
 *
 * `fit` says what becomes of the rest of an image in other proportions. With size auto it is `crop` unless it is given.
 */

/** Sizes that a request which gives none may have. */
export const DEFAULT_SIZES = ['auto', 'model'] as const
export type DefaultSize = (typeof DEFAULT_SIZES)[number]

interface SizeArguments {
  readonly size?: string | undefined
  readonly max_pixels?: number | undefined
  readonly width?: number | undefined
  readonly height?: number | undefined
  readonly fit?: FitMode | undefined
}

const hasSides = ({ width, height }: SizeArguments): boolean => width !== undefined || height !== undefined

/** Faults of size arguments that contradict each other. */
export const sizeFaults = (
  { size, max_pixels, width, height }: SizeArguments,
  spell: (name: string) => string,
): readonly InputFault[] => {
  const sides = [...(width === undefined ? [] : ['width']), ...(height === undefined ? [] : ['height'])]
  if (size !== undefined && sides.length > 0) {
    const message = `got ${shownValue(size)} beside ${sides.map(spell).join(' and ')}; give the one or the other`
    return [{ field: spell('size'), message }]
  }
  const isAuto = size === undefined ? sides.length === 0 : size === 'auto'
  if (max_pixels === undefined || isAuto) return []
  const message = `got ${max_pixels}, which bounds a size that is chosen; give it with ${spell('size')} auto`
  return [{ field: spell('max_pixels'), message }]
}

/**
 * Leaves out of `lower` what `higher` stands in place of: a size in place of sides and the other way round, and a fixed
 * size in place of a bound.
 */
export const withoutReplacedSize = <Arguments extends SizeArguments>(
  lower: Arguments,
  higher: SizeArguments,
): Arguments => {
  const left: { -readonly [Name in keyof Arguments]: Arguments[Name] } = { ...lower }
  if (higher.size !== undefined || higher.max_pixels !== undefined) {
    delete left.width
    delete left.height
  }
  const replacesSize = higher.max_pixels !== undefined && left.size !== 'auto'
  if (hasSides(higher) || replacesSize) delete left.size
  if (hasSides(higher) || (higher.size !== undefined && higher.size !== 'auto')) delete left.max_pixels
  return left
}

/** Whether arguments ask for a size that depends on the image. `otherwise`: where they give neither size nor fit. */
export const isAutoSize = (given: SizeArguments, otherwise: DefaultSize): boolean => {
  if (given.size !== undefined) return given.size === 'auto'
  if (hasSides(given)) return false
  return given.max_pixels !== undefined || (given.fit === undefined && otherwise === 'auto')
}

/** The sides that arguments give; those of `model` where they give none. */
export const givenSides = ({ size, width, height }: SizeArguments, model: PixelSize): PixelSize => {
  const [, wide, high] = /^(\d+)x(\d+)$/.exec(size ?? '') ?? []
  return { width: width ?? Number(wide ?? model.width), height: height ?? Number(high ?? model.height) }
}

export interface ChosenSize extends PixelSize {
  readonly fit: FitMode
}

/**
 * The size of a clip in an image's own proportions. Where nothing would be cut off, the fit is `fill`, so that a clip has
 * the same id as one whose size was given.
 */
export const chooseSize = (
  image: PixelSize,
  { fit = 'crop', max_pixels }: SizeArguments,
  { model, vaeScaleFactor }: { readonly model: PixelSize; readonly vaeScaleFactor: number },
): ChosenSize => {
  const maxPixels = max_pixels ?? model.width * model.height
  const size = autoSize(image, { maxPixels, multiple: sizeMultiple(vaeScaleFactor) })
  const isSameShape = size.width * image.height === size.height * image.width
  return { ...size, fit: isSameShape ? 'fill' : fit }
}

/** A clip's size and what became of its image's shape, as a report tells it. */
export const sizeOfClip = (image: PixelSize, clip: ChosenSize) => ({
  width: clip.width,
  height: clip.height,
  ...imageFit(image, clip),
})
