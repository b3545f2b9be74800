import { z } from 'zod'
import { FIT_MODES } from '../../shared/contracts/fit-mode.ts'
import { sha256Schema } from '../../shared/contracts/job-message.ts'
import type { ImageToPrepare, PreparedImage } from './prepare-image.ts'
import type { JobSchemas } from './protocol.ts'
import { rgbFileSchema } from './render-job.ts'

/** Arguments of `prepareImage` without its signal. */
export type ImagePreparation = Omit<ImageToPrepare, 'signal'>

/** Schemas of an image that a process of its own prepares, and of the result. */
export const IMAGE_JOB_SCHEMAS: JobSchemas<ImagePreparation, PreparedImage> = {
  job: z.strictObject({
    bytes: z.instanceof(Uint8Array),
    field: z.string(),
    width: z.int().positive(),
    height: z.int().positive(),
    fit: z.enum(FIT_MODES),
    folder: z.string().min(1),
  }),
  result: z.strictObject({
    pixelsSha256: sha256Schema,
    source: rgbFileSchema,
    fitted: rgbFileSchema,
    seconds: z.number().nonnegative(),
  }),
}
