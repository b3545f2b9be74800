import { readFile } from 'node:fs/promises'
import type { PixelSize } from '../../../shared/contracts/auto-size.ts'
import { isAutoSize } from '../../../shared/contracts/clip-size.ts'
import { clipWarnings } from '../../../shared/contracts/clip-warnings.ts'
import type { RenderArguments } from '../../../shared/contracts/render-arguments.ts'
import {
  type RenderParameters,
  type ResolveOptions,
  resolveParameters,
} from '../../../shared/contracts/render-parameters.ts'
import { readImageSize } from '../../../shared/image/decode-image.ts'
import type { Checkpoint } from '../../checkpoint/open-checkpoint.ts'
import { vaeScaleFactor } from '../../compiler/compile.ts'

export interface ClipParameters {
  readonly parameters: RenderParameters
  /** Warnings of a look that is likely to be bad, each with the fix. */
  readonly warnings: readonly string[]
}

/** A file that is no image has a fault that rendering tells; until then it counts as of the model's own size. */
const sizeOfFile = async (image: string, model: PixelSize): Promise<PixelSize> =>
  (await readImageSize(await readFile(image))) ?? model

/**
 * Parameters of one image's clip. Without a size it has that of the model, as with the reference. Throws InvalidInputError
 * for arguments that contradict each other or the checkpoint.
 */
export const clipParameters = async (
  image: string,
  given: RenderArguments,
  { defaults, vae }: Pick<Checkpoint, 'defaults' | 'vae'>,
  spell: NonNullable<ResolveOptions['spell']>,
): Promise<ClipParameters> => {
  const options = { vaeScaleFactor: vaeScaleFactor(vae.config), spell }
  const size = await sizeOfFile(image, defaults)
  const parameters = isAutoSize(given, 'model')
    ? resolveParameters({ ...given, size: 'auto' }, defaults, { ...options, image: size })
    : resolveParameters(given, defaults, options)
  return { parameters, warnings: clipWarnings(parameters, defaults, size) }
}
