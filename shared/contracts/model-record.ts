import { z } from 'zod'
import { hashJson } from './job-id.ts'
import { sha256Schema } from './job-message.ts'
import { defaultsDocumentSchema } from './parameters-document.ts'

/** Letters, digits and `._-`: it is part of keys and folder names. */
export const modelIdSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)

const fileSchema = z.strictObject({
  /** Inside the checkpoint's folder, with `/`. */
  path: z.string().regex(/^(?!.*(^|\/)\.\.(\/|$))[^/\\][^\\]*$/),
  size_bytes: z.int().nonnegative(),
  sha256: sha256Schema,
})

/** `model.json` beside a checkpoint in the models bucket: what ingest and workers know of it before they have it. */
export const modelRecordSchema = z.strictObject({
  version: z.literal(1),
  model_id: modelIdSchema,
  /** Of `files` and `variant`, see `hashModel`: the checkpoint's identity. */
  sha256: sha256Schema,
  variant: z.string().nullable(),
  /** Of its svd.json over the reference's. */
  defaults: defaultsDocumentSchema,
  /** Sides of pictures are multiples of it, in pixels. */
  vae_scale_factor: z.int().positive(),
  files: z.array(fileSchema).min(1),
})

export type ModelFile = z.infer<typeof fileSchema>
export type ModelRecord = z.infer<typeof modelRecordSchema>

export const hashModel = ({ files, variant }: Pick<ModelRecord, 'files' | 'variant'>): string =>
  hashJson({ variant, files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)) })
