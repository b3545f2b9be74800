import path from 'node:path'
import type { FitMode } from '../../shared/contracts/fit-mode.ts'
import { hashPixels } from '../../shared/contracts/job-id.ts'
import { decodeImage } from '../../shared/image/decode-image.ts'
import { fitImage } from '../pipeline/image/fit.ts'
import type { FrameSize } from '../video/rgb-frame.ts'
import { isFittedAhead } from './fit-ahead.ts'
import type { RgbFile } from './render-job.ts'
import { writeRgbFile } from './rgb-file.ts'

/** `width` and `height` are the clip's. */
export interface ImageToPrepare extends FrameSize {
  /** Content of a PNG, JPEG or WebP file. */
  readonly bytes: Uint8Array
  /** Name of the image in messages: what the user wrote. */
  readonly field: string
  readonly fit: FitMode
  /** Existing folder for `source.rgb` and, if the clip is not too large for it, `fitted.rgb`. */
  readonly folder: string
  readonly signal: AbortSignal
}

/** Files that a job's renderer reads instead of the image. */
export interface PreparedImage {
  /** Identity of the upright image, as `hashPixels` gives it. */
  readonly pixelsSha256: string
  readonly source: RgbFile
  /** The image at the clip's size. For a large clip, the renderer writes this file: see `isFittedAhead`. */
  readonly fitted: RgbFile
  readonly seconds: number
}

/**
 * Writes the two images that the networks read, as raw RGB24: the upright original for CLIP, and the same image
 * brought to the clip's size for the VAE. It runs outside of the renderer's process, while that is busy with the job
 * before. A worker runs it in a process of its own (image-process.ts).
 *
 * @throws InvalidInputError (`field`) as `decodeImage` does.
 */
export const prepareImage = async (image: ImageToPrepare): Promise<PreparedImage> => {
  const started = performance.now()
  const { bytes, field, width, height, fit, folder, signal } = image
  signal.throwIfAborted()
  const source = await decodeImage(bytes, field)
  signal.throwIfAborted()
  const file = path.join(folder, 'fitted.rgb')
  const fitted = isFittedAhead(image) ? fitImage(source, width, height, fit) : null
  return {
    pixelsSha256: hashPixels(source),
    source: await writeRgbFile(path.join(folder, 'source.rgb'), source, signal),
    fitted:
      fitted === null
        ? { path: file, sha256: null, width, height }
        : await writeRgbFile(file, fitted, signal),
    seconds: (performance.now() - started) / 1000,
  }
}
