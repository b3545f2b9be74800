import { z } from 'zod'
import { explained } from '../../shared/contracts/explained.ts'
import { type Fault, shown, throwFaults } from './faults.ts'

/** One field of a config: what is accepted, in zod and in words, and what its absence means to the reference. */
export interface Field<T> {
  readonly schema: z.ZodType<T>
  /** Completes "supported: …". */
  readonly supported: string
  /** The default of the reference class; undefined: the field must be there. */
  readonly absent: unknown
}

export type Fields = Readonly<Record<string, Field<unknown>>>

export type Values<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }

/** Far above any published model; below it, sizes in bytes stay exact whole numbers. */
const MAX_WHOLE_NUMBER = 65_536

export const field = <T>(schema: z.ZodType<T>, supported: string, absent?: unknown): Field<T> => ({
  schema,
  supported,
  absent,
})

const whole = (min: number) => z.int().min(min).max(MAX_WHOLE_NUMBER)

export const wholeNumber = (absent?: unknown, min = 1): Field<number> =>
  field(whole(min), `a whole number from ${min} to ${MAX_WHOLE_NUMBER}`, absent)

export const wholeNumbers = (absent?: unknown): Field<number[]> =>
  field(
    z.array(whole(1)).min(1),
    `a list of whole numbers from 1 to ${MAX_WHOLE_NUMBER}, one per level`,
    absent,
  )

/** One number for all levels, or a list with one per level. */
export const wholeNumberPerLevel = (absent?: unknown): Field<number | number[]> =>
  field(
    z.union([whole(1), z.array(whole(1)).min(1)]),
    `a whole number from 1 to ${MAX_WHOLE_NUMBER}, or a list of them, one per level`,
    absent,
  )

/** Channel counts. Every GroupNorm of the UNet and the VAE has 32 groups. */
export const channelsPerLevel = (absent?: unknown): Field<number[]> =>
  field(
    z.array(whole(32).multipleOf(32)).min(1),
    `a list of multiples of 32 up to ${MAX_WHOLE_NUMBER}, one per level (each GroupNorm has 32 groups)`,
    absent,
  )

export const positiveNumber = (absent?: unknown): Field<number> =>
  field(z.number().positive(), 'a finite number above 0', absent)

export const notNegative = (absent?: unknown): Field<number> =>
  field(z.number().nonnegative(), 'a finite number from 0 up', absent)

export const trueOrFalse = (absent?: unknown): Field<boolean> => field(z.boolean(), 'true or false', absent)

export const oneOf = <const T extends string>(values: readonly [T, ...T[]], absent?: unknown): Field<T> =>
  field(z.literal([...values]), values.map((value) => JSON.stringify(value)).join(', '), absent)

/** The only value the networks implement. `absent` is that value too where the reference has no such argument. */
export const only = <const T extends string | number | boolean | null>(
  value: T,
  absent: unknown = value,
): Field<T> => field(z.literal(value), JSON.stringify(value), absent)

export const blockTypes = <const T extends string>(
  values: readonly [T, ...T[]],
  absent?: unknown,
): Field<T[]> =>
  field(z.array(z.literal([...values])).min(1), `a list of ${values.join(' or ')}, one per level`, absent)

const fieldFault = (
  name: string,
  present: boolean,
  value: unknown,
  { supported, absent }: Field<unknown>,
  error: z.ZodError,
): Fault => {
  const got = present
    ? `is ${shown(value)}${explained(error)}`
    : absent === undefined
      ? 'is absent'
      : `is absent, which means ${shown(absent)} to the reference`
  return { field: name, message: `${got}; supported: ${supported}` }
}

export interface ReadConfigFields<F extends Fields> {
  /** The fields that are sound. Rules between fields look at these, so that all faults can be told at once. */
  readonly values: Partial<Values<F>>
  readonly faults: readonly Fault[]
}

/**
 * Reads an object field by field. Names that begin with `_` are notes of the libraries, those in `withoutEffect`
 * change nothing in the reference; any other unknown name is a fault.
 */
export const readConfigFields = <F extends Fields>(
  file: string,
  json: unknown,
  fields: F,
  withoutEffect: readonly string[] = [],
): ReadConfigFields<F> => {
  const object = z.record(z.string(), z.unknown()).safeParse(json)
  if (!object.success)
    throwFaults(file, [{ field: 'content', message: `is ${shown(json)}; supported: a JSON object` }])
  const given = new Map(Object.entries(object.data ?? {}))
  const faults: Fault[] = []
  const values: Record<string, unknown> = {}
  for (const [name, declared] of Object.entries(fields)) {
    const present = given.has(name)
    const value = present ? given.get(name) : declared.absent
    const parsed = declared.schema.safeParse(value)
    if (parsed.success) values[name] = parsed.data
    else faults.push(fieldFault(name, present, value, declared, parsed.error))
  }
  for (const [name, value] of given) {
    if (Object.hasOwn(fields, name) || name.startsWith('_') || withoutEffect.includes(name)) continue
    faults.push({
      field: shown(name).slice(1, -1),
      message: `is ${shown(value)}, but svd-batch knows no such field; correct its name, or remove it if it has no effect`,
    })
  }
  // Each value came out of the schema of its own name.
  return { values: values as Partial<Values<F>>, faults }
}

/** All values, now that there are no faults. Throws InvalidInputError that tells all of them otherwise. */
export const acceptFields = <F extends Fields>(
  file: string,
  { values, faults }: ReadConfigFields<F>,
): Values<F> => {
  throwFaults(file, faults)
  return values as Values<F>
}
