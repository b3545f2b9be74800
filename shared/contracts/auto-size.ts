/** Width and height in pixels. */
export interface PixelSize {
  readonly width: number
  readonly height: number
}

export interface SizeBudget {
  /** The most pixels that the clip may have: those of the model's own size, unless the request says another number. */
  readonly maxPixels: number
  /** Both sides are multiples of it: the VAE's block times the blocks that the UNet halves three times. */
  readonly multiple: number
}

/** The UNet of Stable Video Diffusion halves the latent's sides three times. */
const UNET_MULTIPLE = 8

/** 64 for SVD, whose VAE works on blocks of 8 pixels. */
export const sizeMultiple = (vaeScaleFactor: number): number => vaeScaleFactor * UNET_MULTIPLE

const MAX_SIDE_PIXELS = 8192
/**
 * Power of the kept part in the score: 3 % of the image that are cut off weigh as much as a sixth of the pixels. 4:3 becomes
 * 832x640 (2.5 % cut off) instead of 896x640 (4.8 %) or 768x576 (none, but a quarter of the pixels less).
 */
const KEPT_POWER = 6

/** Part of the image that is kept where it is cropped to a clip's proportions. */
const keptPart = (image: PixelSize, clip: PixelSize): number => {
  const ratio = (clip.width * image.height) / (clip.height * image.width)
  return Math.min(ratio, 1 / ratio)
}

const scoreOf = (image: PixelSize, clip: PixelSize): number =>
  clip.width * clip.height * keptPart(image, clip) ** KEPT_POWER

const landscapeSize = (image: PixelSize, { maxPixels, multiple }: SizeBudget): PixelSize => {
  let best: PixelSize = { width: multiple, height: multiple }
  let bestScore = scoreOf(image, best)
  const widest = Math.min(MAX_SIDE_PIXELS, maxPixels / multiple)
  for (let width = multiple; width <= widest; width += multiple) {
    const ideal = (width * image.height) / image.width / multiple
    for (const blocks of [Math.floor(ideal), Math.ceil(ideal)]) {
      const height = Math.max(1, blocks) * multiple
      const score = scoreOf(image, { width, height })
      if (width * height <= maxPixels && score > bestScore) {
        best = { width, height }
        bestScore = score
      }
    }
  }
  return best
}

/**
 * The clip's size in the image's own proportions: sides in multiples, within the budget, with as many pixels and as
 * little cut off as go together. For SVD, 16:9 → 1024x576, square → 768x768, 9:16 → 576x1024. A panorama loses
 * pixels rather than its ends.
 */
export const autoSize = (image: PixelSize, budget: SizeBudget): PixelSize => {
  if (image.width >= image.height) return landscapeSize(image, budget)
  const { width, height } = landscapeSize({ width: image.height, height: image.width }, budget)
  return { width: height, height: width }
}
