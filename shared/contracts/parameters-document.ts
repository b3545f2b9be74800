import { z } from 'zod'
import { camelName, DEFAULT_NAMES, DEFAULTS_FIELDS, defaultsOf, JOB_FIELDS } from './parameter-fields.ts'
import type { RenderDefaults, RenderParameters } from './render-parameters.ts'

/*
 * All parameters of a clip as documents carry them (job message, records, model record): the reference's spelling,
 * every field there, nothing left to a default.
 */

export const defaultsDocumentSchema = z.strictObject(DEFAULTS_FIELDS)

export const parametersDocumentSchema = z.strictObject({
  ...DEFAULTS_FIELDS,
  /** A number up to 2^53, text above it, where a JSON number would lose digits. */
  seed: z.union([z.int(), z.string().regex(/^-?\d+$/)]),
  ...JOB_FIELDS,
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

/** A number up to 2^53, text above it. */
export const encodeSeed = (seed: bigint): number | string =>
  Number.isSafeInteger(Number(seed)) ? Number(seed) : String(seed)

export const encodeParameters = (parameters: RenderParameters): ParametersDocument => ({
  ...encodeDefaults(parameters),
  seed: encodeSeed(parameters.seed),
  fit: parameters.fit,
  decode_overlap: parameters.decodeOverlap,
})

export const decodeParameters = (document: ParametersDocument): RenderParameters => ({
  ...decodeDefaults(document),
  seed: BigInt(document.seed),
  fit: document.fit,
  decodeOverlap: document.decode_overlap,
})
