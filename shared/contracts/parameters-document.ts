import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import {
  camelName,
  DEFAULT_NAMES,
  DEFAULTS_FIELDS,
  defaultsOf,
  FILE_FIELDS,
  JOB_FIELDS,
} from './parameter-fields.ts'
import {
  DEFAULT_FILE_PARAMETERS,
  type FileParameters,
  type RenderDefaults,
  type RenderParameters,
} from './render-parameters.ts'

/*
 * All parameters of a clip as documents carry them (job message, records, model record): the reference's spelling,
 * every field there, nothing left to a default, but for those of the files (`FILE_FIELDS`): they are there if they differ
 * from the default.
 */

export const defaultsDocumentSchema = z.strictObject(DEFAULTS_FIELDS)

export const parametersDocumentSchema = z.strictObject({
  ...DEFAULTS_FIELDS,
  /** A number up to 2^53, text above it, where a JSON number would lose digits. */
  seed: z.union([z.int(), z.string().regex(/^-?\d+$/)]),
  ...JOB_FIELDS,
  format: FILE_FIELDS.format.optional(),
  crf: FILE_FIELDS.crf.unwrap().optional(),
  loop: FILE_FIELDS.loop.optional(),
  metadata: FILE_FIELDS.metadata.optional(),
})

export type DefaultsDocument = z.infer<typeof defaultsDocumentSchema>
export type ParametersDocument = z.infer<typeof parametersDocumentSchema>

export const encodeDefaults = (defaults: RenderDefaults): DefaultsDocument =>
  Object.fromEntries(
    DEFAULT_NAMES.map((name) => {
      const value = defaults[camelName(name)]
      return [name, typeof value === 'object' && value !== null ? [...value] : value]
    }),
  ) as DefaultsDocument

export const decodeDefaults = (document: DefaultsDocument): RenderDefaults =>
  defaultsOf((name) => document[name])

const encodeFileParameters = ({ format, crf, loop, metadata }: FileParameters) => ({
  ...(!isDeepStrictEqual(format, DEFAULT_FILE_PARAMETERS.format) && { format: [...format] }),
  ...(crf !== null && { crf }),
  ...(loop && { loop }),
  ...(!metadata && { metadata }),
})

/** A number up to 2^53, text above it. */
export const encodeSeed = (seed: bigint): number | string =>
  Number.isSafeInteger(Number(seed)) ? Number(seed) : String(seed)

export const encodeParameters = (parameters: RenderParameters): ParametersDocument => ({
  ...encodeDefaults(parameters),
  seed: encodeSeed(parameters.seed),
  fit: parameters.fit,
  decode_overlap: parameters.decodeOverlap,
  ...encodeFileParameters(parameters),
})

export const decodeParameters = (document: ParametersDocument): RenderParameters => ({
  ...decodeDefaults(document),
  seed: BigInt(document.seed),
  fit: document.fit,
  decodeOverlap: document.decode_overlap,
  format: document.format ?? DEFAULT_FILE_PARAMETERS.format,
  crf: document.crf ?? DEFAULT_FILE_PARAMETERS.crf,
  loop: document.loop ?? DEFAULT_FILE_PARAMETERS.loop,
  metadata: document.metadata ?? DEFAULT_FILE_PARAMETERS.metadata,
})

/** The same parameters with those of the files, also where they have their default. `null` as a CRF: each codec's own. */
export type CompleteParameters = Omit<Required<ParametersDocument>, 'crf'> & { readonly crf: number | null }

/** A document, or one that is complete. */
export type AnyParameters = Omit<ParametersDocument, 'crf'> & { readonly crf?: number | null | undefined }

/** For readers who show or compare every parameter. Ids are made of the document as it is. */
export const completeParameters = (document: AnyParameters): CompleteParameters => {
  const { format, ...others } = DEFAULT_FILE_PARAMETERS
  return { format: [...format], ...others, ...document } as CompleteParameters
}
