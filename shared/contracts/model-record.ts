import { z } from 'zod'
import { hashJson } from './job-id.ts'
import { sha256Schema } from './job-message.ts'
import { defaultsDocumentSchema } from './parameters-document.ts'

/** Id of a model, in A-Z, a-z, 0-9 and `._-`, because it is part of keys and folder names. */
export const modelIdSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)

/**
 * Name of a folder or file in a checkpoint: no `..`, nothing hidden, nothing that a file system or a URL interprets.
 */
const NAME = '[A-Za-z0-9_][A-Za-z0-9._-]*'

const fileSchema = z.strictObject({
  /** Inside the checkpoint's folder, with `/`. */
  path: z
    .string()
    .max(512)
    .regex(new RegExp(`^(?:${NAME}/)*${NAME}$`)),
  size_bytes: z.int().nonnegative(),
  sha256: sha256Schema,
})

/** Beside the files, in the bucket and in a worker's cache. */
const RECORD_NAME = 'model.json'

/** Whether all of them can lie in one folder, on any file system, and `model.json` with them. */
const arePlaces = (files: readonly ModelFile[]): boolean => {
  // With `/` behind each, a path's neighbour in order begins with it if any path is the same or inside it.
  const paths = [RECORD_NAME, ...files.map(({ path }) => path)]
    .map((path) => `${path.toLowerCase()}/`)
    .toSorted()
  return paths.every((path, i) => i === 0 || !path.startsWith(paths[i - 1]!))
}

/** `model.json` beside a checkpoint in the models bucket: what ingest and workers know of it before they have it. */
export const modelRecordSchema = z.strictObject({
  version: z.literal(1),
  model_id: modelIdSchema,
  /** Identity of the checkpoint: the hash of `files` and `variant`, see `hashModel`. */
  sha256: sha256Schema,
  variant: z.string().nullable(),
  /** Defaults from the checkpoint's svd.json over those of the reference. */
  defaults: defaultsDocumentSchema,
  /** Sides of images are multiples of it, in pixels. */
  vae_scale_factor: z.int().positive(),
  files: z
    .array(fileSchema)
    .min(1)
    .refine(arePlaces, 'two files have one place, or one lies where another has a folder'),
})

export type ModelFile = z.infer<typeof fileSchema>
export type ModelRecord = z.infer<typeof modelRecordSchema>

export const hashModel = ({ files, variant }: Pick<ModelRecord, 'files' | 'variant'>): string =>
  hashJson({ variant, files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)) })
