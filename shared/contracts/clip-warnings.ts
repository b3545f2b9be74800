import type { PixelSize } from './auto-size.ts'
import { imageFit } from './image-fit.ts'
import type { RenderDefaults, RenderParameters } from './render-parameters.ts'

/*
 * What a clip can be asked for and is likely to look bad. The reference implementations warn of motion above 255, of fps
 * outside of 5 to 30 and of any size but the model's own (Stability's simple_video_sample.py). Sizes are warned of here
 * where they are far from it, because the same pixels in other proportions look well.
 */

const MAX_TRAINED_MOTION = 255
const MIN_TRAINED_FPS = 5
const MAX_TRAINED_FPS = 30
/** The model's pixels, halved and doubled. */
const MIN_PIXELS_RATIO = 0.5
const MAX_PIXELS_RATIO = 2
const MAX_PROPORTION = 3
/** Stretches above this are seen. */
export const MAX_STRETCH = 1.1
const MAX_LOST = 0.1

const shapeWarnings = (parameters: RenderParameters, image: PixelSize): readonly string[] => {
  const { width, height } = parameters
  const { stretch, cropped, padded } = imageFit(image, parameters)
  const sizes = `${image.width}x${image.height} to ${width}x${height}`
  return [
    ...(stretch > MAX_STRETCH
      ? [`the image is stretched ${stretch.toFixed(2)}-fold, from ${sizes}; size auto keeps its proportions`]
      : []),
    ...(cropped > MAX_LOST
      ? [
          `${Math.round(cropped * 100)} % of the image are cut off, from ${sizes}; size auto with more pixels cuts less, fit pad cuts nothing`,
        ]
      : []),
    ...(padded > MAX_LOST
      ? [
          `${Math.round(padded * 100)} % of the video are black bars, from ${sizes}; size auto with more pixels leaves less`,
        ]
      : []),
  ]
}

/** Warnings about a clip, each with the value and the fix. */
export const clipWarnings = (
  parameters: RenderParameters,
  defaults: Pick<RenderDefaults, 'width' | 'height'>,
  image: PixelSize,
): readonly string[] => {
  const { width, height, fps, motionBucketId } = parameters
  const pixelsRatio = (width * height) / (defaults.width * defaults.height)
  const proportion = Math.max(width / height, height / width)
  const trained = `the model was trained with ${defaults.width}x${defaults.height}`
  return [
    ...shapeWarnings(parameters, image),
    ...(motionBucketId > MAX_TRAINED_MOTION
      ? [
          `motion_bucket_id ${motionBucketId} is above ${MAX_TRAINED_MOTION}, the most that models are trained with; take less`,
        ]
      : []),
    ...(fps < MIN_TRAINED_FPS || fps > MAX_TRAINED_FPS
      ? [
          `fps ${fps} is outside of ${MIN_TRAINED_FPS} to ${MAX_TRAINED_FPS}, which models are trained with; take one of these`,
        ]
      : []),
    ...(pixelsRatio < MIN_PIXELS_RATIO || pixelsRatio > MAX_PIXELS_RATIO
      ? [
          `${width}x${height} are ${pixelsRatio.toFixed(2)} times the pixels of the model's own size; ${trained}, so take a size near it`,
        ]
      : []),
    ...(proportion > MAX_PROPORTION
      ? [
          `${width}x${height} is ${proportion.toFixed(1)} times as long as wide; ${trained}, so crop the image first`,
        ]
      : []),
  ]
}
