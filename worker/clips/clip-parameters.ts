import type { PixelSize } from '../../shared/contracts/auto-size.ts'
import { isAutoSize } from '../../shared/contracts/clip-size.ts'
import { clipWarnings } from '../../shared/contracts/clip-warnings.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import type { RenderArguments } from '../../shared/contracts/render-arguments.ts'
import {
  type RenderParameters,
  type ResolveOptions,
  resolveParameters,
} from '../../shared/contracts/render-parameters.ts'
import type { Checkpoint } from '../checkpoint/open-checkpoint.ts'
import { type ImageFileSize, readImageFileSize } from '../client/convert/read-image-file.ts'
import type { SourceFormat } from '../client/convert/source-format.ts'
import { vaeScaleFactor } from '../compiler/compile.ts'

export interface ClipParameters {
  readonly parameters: RenderParameters
  /** Warnings of a look that is likely to be bad, each with the fix. */
  readonly warnings: readonly string[]
  /** Format that is converted to PNG before it is read; `null`: it is read as it is. */
  readonly convertedFrom: SourceFormat | null
}

const readSize = async (image: string): Promise<ImageFileSize> => {
  try {
    return await readImageFileSize(image)
  } catch (error) {
    if (error instanceof InvalidInputError) return { size: null, convertedFrom: null }
    throw error
  }
}

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
  const { size: found, convertedFrom } = await readSize(image)
  const size: PixelSize = found ?? defaults
  const parameters = isAutoSize(given, 'model')
    ? resolveParameters({ ...given, size: 'auto' }, defaults, { ...options, image: size })
    : resolveParameters(given, defaults, options)
  return { parameters, warnings: clipWarnings(parameters, defaults, size), convertedFrom }
}
