import { z } from 'zod'
import type { InputFault } from '../contracts/input-fault.ts'
import { RENDER_ARGUMENT_NAMES } from '../contracts/render-arguments.ts'
import { shownValue } from '../contracts/shown-value.ts'

export type JsonObject = Readonly<Record<string, unknown>>

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** An object whose own fields are read afterwards, each with its fault. */
export const readLater = (schema: z.ZodType) =>
  z
    .custom<JsonObject>(isJsonObject)
    .nullish()
    .describe(schema.description ?? 'an object')

type Fields = Readonly<Record<string, z.ZodType>>

export interface ReadFields<F extends Fields> {
  /** Values of the fields that are valid. */
  readonly values: { readonly [Name in keyof F]?: z.output<F[Name]> }
  readonly faults: readonly InputFault[]
}

interface FieldOptions {
  /** A field's name as the user finds it: `items[3].image`. */
  readonly spell: (name: string) => string
  /** Field that holds render parameters. A fault suggests it if a user wrote a parameter beside the fields. */
  readonly parametersIn: string
}

const unknownField = (name: string, fields: Fields, { spell, parametersIn }: FieldOptions): InputFault => ({
  field: spell(name),
  message: RENDER_ARGUMENT_NAMES.some((argument) => argument === name)
    ? `no such field; did you mean ${parametersIn}.${name}?`
    : `no such field; known are ${Object.keys(fields).join(', ')}`,
})

/** An object's fields, each by its schema, whose description is the rule that a fault tells. */
export const readFields = <F extends Fields>(
  object: JsonObject,
  fields: F,
  options: FieldOptions,
): ReadFields<F> => {
  const values: Record<string, unknown> = {}
  const faults: InputFault[] = []
  for (const [name, schema] of Object.entries(fields)) {
    const value = Object.hasOwn(object, name) ? object[name] : undefined
    const parsed = schema.safeParse(value)
    const got = value === undefined ? 'is absent' : `got ${shownValue(value)}`
    if (parsed.success) values[name] = parsed.data
    else faults.push({ field: options.spell(name), message: `${got}; must be ${schema.description}` })
  }
  for (const name of Object.keys(object)) {
    if (!Object.hasOwn(fields, name)) faults.push(unknownField(name, fields, options))
  }
  // Each value came out of the schema of its own name.
  return { values: values as ReadFields<F>['values'], faults }
}
