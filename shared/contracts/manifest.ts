import { z } from 'zod'
import { RENDER_ARGUMENT_NAMES, renderArgumentRule, renderArgumentSchema } from './render-arguments.ts'
import { contextSchema } from './request-context.ts'

/*
 * What people write to have many clips made. Descriptions are the rules that a fault tells, and what editors show
 * (`svd schema manifest`).
 *
 *   manifests/x.json    { "defaults": {…}, "grid": {…}, "items": [{ "image": "images/a.png", … }, …] }
 *   manifests/x.jsonl   { "defaults": {…}, "grid": {…} }              optional; the rest: one item a line
 *                       { "image": "images/a.png", "parameters": {…} }
 *   images/a.png.json   { "parameters": {…}, "grid": {…} }            a sidecar, for images/a.png alone
 *   images/a.png.json   { "fps": 7, "grid": {…} }                     the same, with its parameters beside the other fields
 *   images/a.json       the same                                      a sidecar, for images/a.png, images/a.jpg and so on
 *
 * Of a parameter, the last that says it holds: checkpoint, manifest's defaults, item's parameters, a value of the
 * grid. A grid makes a clip for each combination of its values; an item's list goes before the manifest's of that name.
 * A `context` of an item stands in place of the manifest's.
 * `null` for an optional field or argument, or as a value in a grid's list, means that it is not given there. A group has
 * no part in a job's id, and holds for jobs that are not in the queue yet: a late sidecar that changes it alone has no
 * effect.
 */

/** 1,000 items of a few hundred bytes have a tenth of it; it is parsed in memory. */
export const MAX_MANIFEST_BYTES = 10 * 2 ** 20
/** Most items that one invocation of ingest can process: each has an image to fetch, decode and store. */
export const MAX_ITEMS = 1_000
/** An item with a list of a thousand sigmas has 20 KB. */
export const MAX_LINE_BYTES = 64 * 2 ** 10
/** After grids are expanded. On one card 10,000 clips take days: more in one step is a slip of the pen. */
export const MAX_JOBS = 10_000
/** A sidecar is an item. */
export const MAX_SIDECAR_BYTES = MAX_LINE_BYTES

const PARAMETER_FIELDS = Object.fromEntries(
  RENDER_ARGUMENT_NAMES.map((name) => [
    name,
    renderArgumentSchema(name).nullish().describe(renderArgumentRule(name)),
  ]),
)

const parametersSchema = z.strictObject(PARAMETER_FIELDS).describe('an object of render parameters')

const gridSchema = z
  .strictObject(
    Object.fromEntries(
      RENDER_ARGUMENT_NAMES.map((name) => [
        name,
        z
          .array(renderArgumentSchema(name).nullable())
          .min(1)
          .max(MAX_JOBS)
          .nullish()
          .describe(`a list of values, each ${renderArgumentRule(name)}`),
      ]),
    ),
  )
  .describe('an object with a list of values for each parameter; every combination is a clip')

/** Group name, in the characters that a queue's message group may have. */
const groupSchema = z
  .string()
  .regex(/^[!-~]{1,128}$/)
  .describe('1 to 128 letters, digits and punctuation marks; groups take turns in the queue')

/** Fields that apply to all items. */
export const HEADER_FIELDS = {
  version: z.literal(1).nullish().describe('1'),
  defaults: parametersSchema.nullish().describe('an object of render parameters, for all items'),
  grid: gridSchema.nullish().describe(gridSchema.description ?? ''),
  group: groupSchema.nullish().describe(groupSchema.description ?? ''),
  context: contextSchema.nullish().describe(contextSchema.description ?? ''),
}

export const ITEM_FIELDS = {
  image: z.string().min(1).describe('the key of a PNG, JPEG or WebP image under images/ in this bucket'),
  parameters: parametersSchema.nullish().describe(parametersSchema.description ?? ''),
  grid: HEADER_FIELDS.grid,
  id: z
    .string()
    .regex(/^[^\p{Cc}\p{Cs}]{1,128}$/u)
    .nullish()
    .describe('a name of 1 to 128 characters that no other item has; it comes back in the report'),
  group: HEADER_FIELDS.group,
  context: HEADER_FIELDS.context,
}

export const SIDECAR_FIELDS = {
  parameters: ITEM_FIELDS.parameters,
  grid: ITEM_FIELDS.grid,
  group: ITEM_FIELDS.group,
  context: ITEM_FIELDS.context,
}

/** Lets an editor find the schema; nothing else looks at it. */
export const SCHEMA_FIELD = {
  $schema: z.string().nullish().describe('where the schema of this document is'),
}

export const manifestSchema = z
  .strictObject({
    ...SCHEMA_FIELD,
    ...HEADER_FIELDS,
    items: z.array(z.strictObject(ITEM_FIELDS)).min(1).max(MAX_ITEMS).describe('what to render'),
  })
  .describe('Clips to render; upload it under manifests/ as .json')

const { parameters: _, ...FIELDS_BESIDE_PARAMETERS } = SIDECAR_FIELDS

/** Parameters are in `parameters`, or beside the other fields. */
export const sidecarSchema = z
  .union([
    z.strictObject({ ...SCHEMA_FIELD, ...SIDECAR_FIELDS }),
    z.strictObject({ ...SCHEMA_FIELD, ...PARAMETER_FIELDS, ...FIELDS_BESIDE_PARAMETERS }),
  ])
  .describe('How to render the image of the same name beside it')
