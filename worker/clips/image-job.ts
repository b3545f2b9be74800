import type { SourceFormat } from '../client/convert/source-format.ts'
import type { RenderSettings } from '../renderer/render-job.ts'
import type { ImageOutputs } from './outputs.ts'

/** One image, as the user named it, and all that is to be done with it. */
export interface ImageJob extends ImageOutputs {
  /** Warnings of a look that is likely to be bad, each with the fix. */
  readonly warnings: readonly string[]
  /** Format that is converted to PNG before it is read; `null`: it is read as it is. */
  readonly convertedFrom: SourceFormat | null
  readonly settings: RenderSettings
}
