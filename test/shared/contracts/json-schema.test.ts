import { describe, expect, test } from 'vitest'
import { DOCUMENT_NAMES, jsonSchemaOf } from '../../../shared/contracts/json-schema.ts'
import { RENDER_ARGUMENT_NAMES, renderArgumentRule } from '../../../shared/contracts/render-arguments.ts'
import { notEmpty } from '../../fixtures/not-empty.ts'

/** The part of JSON Schema that the generated schemas use. */
interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly multipleOf?: number
  readonly minItems?: number
  readonly maxItems?: number
}

const schemaOf = (name: (typeof DOCUMENT_NAMES)[number]): Schema =>
  JSON.parse(JSON.stringify(jsonSchemaOf(name)))

/** Whether a schema takes null beside something else. */
const takesNull = ({ type, anyOf = [] }: Schema): boolean =>
  type?.includes('null') === true || anyOf.some(takesNull)

/** A schema without its choice of null. */
const unlessNull = (schema: Schema): Schema => {
  if (!takesNull(schema)) return schema
  const { anyOf: choices = [], ...rest } = schema
  const anyOf = choices.filter((choice) => !takesNull(choice))
  return anyOf.length === 1 ? { ...anyOf[0], ...rest } : { ...rest, anyOf }
}

const propertyOf = (schema: Schema, name: string): Schema =>
  (name === '[]' ? schema.items : schema.properties?.[name]) ?? expect.fail(`no ${name}`)

/** Follows names of properties to a schema without null; `[]` is what a list holds. */
const at = (schema: Schema, ...path: readonly string[]): Schema =>
  path.reduce((inner, name) => unlessNull(propertyOf(inner, name)), schema)

/** Every schema in a schema. */
const all = (schema: Schema): readonly Schema[] => [
  schema,
  ...[...Object.values(schema.properties ?? {}), ...(schema.items ? [schema.items] : [])].flatMap(all),
  ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(all),
]

const manifest = schemaOf('manifest')

test('the schema of an event has its three kinds', () => {
  const kinds = schemaOf('event').oneOf?.map(({ properties }) => properties?.['type']?.const)
  expect(kinds).toEqual(['request.ended', 'batch.ended', 'upload.rejected'])
})

describe.each(DOCUMENT_NAMES)('the JSON Schema of the document %s', (name) => {
  test('has a title and names its draft', () => {
    expect(schemaOf(name)).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: `svd-batch ${name}`,
      type: 'object',
    })
  })

  test('allows only fields that it names, except in contexts', () => {
    const objects = all(schemaOf(name)).filter(
      ({ type, oneOf, anyOf }) => type === 'object' && oneOf === undefined && anyOf === undefined,
    )
    expect(objects.length).toBeGreaterThan(1)
    // A context is its sender's own. Each kind of event has one.
    const closed = objects.filter(({ description }) => !description?.includes('comes back in the events'))
    expect(objects.length - closed.length).toBeLessThanOrEqual(name === 'event' ? 3 : 2)
    for (const object of closed) expect(object.additionalProperties).toBe(false)
  })

  test('restricts every value', () => {
    for (const schema of all(schemaOf(name))) {
      expect(Object.keys(schema).filter((key) => key !== 'description')).not.toEqual([])
      for (const choice of schema.anyOf ?? []) expect(Object.keys(choice)).not.toEqual([])
    }
  })
})

describe('the schema of a manifest', () => {
  test('requires items, and an image in each item', () => {
    expect(manifest.required).toEqual(['items'])
    expect(Object.keys(manifest.properties ?? {})).toEqual([
      ...['$schema', 'version', 'defaults', 'grid', 'group', 'context', 'items'],
    ])
    expect(at(manifest, 'items')).toMatchObject({ type: 'array', minItems: 1, maxItems: 1_000 })
    expect(at(manifest, 'items', '[]').required).toEqual(['image'])
    expect(Object.keys(at(manifest, 'items', '[]').properties ?? {})).toEqual([
      ...['image', 'parameters', 'grid', 'id', 'group', 'context'],
    ])
  })

  test.each(RENDER_ARGUMENT_NAMES)('has the rule of %s wherever that may be given', (name) => {
    const rule = renderArgumentRule(name)
    for (const path of [['defaults'], ['items', '[]', 'parameters']]) {
      expect(at(manifest, ...path, name).description).toBe(rule)
    }
    for (const path of [['grid'], ['items', '[]', 'grid']]) {
      expect(at(manifest, ...path, name)).toMatchObject({
        type: 'array',
        minItems: 1,
        description: `a list of values, each ${rule}`,
      })
    }
  })

  test('allows null for every optional field, and for no other', () => {
    const item = at(manifest, 'items', '[]')
    for (const schema of [
      manifest,
      item,
      at(manifest, 'defaults'),
      at(item, 'parameters'),
      at(item, 'grid'),
    ]) {
      for (const [name, property] of notEmpty(Object.entries(schema.properties ?? {}))) {
        expect({ name, takesNull: takesNull(property) }).toEqual({
          ...{ name, takesNull: schema.required?.includes(name) !== true },
        })
      }
    }
    expect(takesNull(propertyOf(at(item, 'grid', 'fps'), '[]'))).toBe(true)
  })

  test('has the limits of numbers, so that editors show violations', () => {
    const parameters = at(manifest, 'items', '[]', 'parameters')
    expect(at(parameters, 'width')).toMatchObject({
      type: 'integer',
      minimum: 8,
      maximum: 8192,
      multipleOf: 8,
    })
    expect(at(parameters, 'fps')).toMatchObject({ type: 'integer', minimum: 1, maximum: 240 })
    expect(at(parameters, 'max_guidance_scale')).toMatchObject({ type: 'number', minimum: 0, maximum: 100 })
    expect(at(parameters, 'fit').enum).toEqual(['fill', 'crop', 'pad'])
    expect(at(parameters, 'seed').anyOf?.map(({ type }) => type)).toEqual(['integer', 'string'])
    expect(at(parameters, 'sigmas').anyOf).toMatchObject([{ const: 'align-your-steps' }, { type: 'array' }])
    expect(at(manifest, 'version').const).toBe(1)
    expect(at(manifest, 'group').pattern).toBe('^[!-~]{1,128}$')
  })
})

describe('the schema of a sidecar', () => {
  const [nested = {}, flat = {}, ...others] = schemaOf('sidecar').anyOf ?? []
  const item = at(manifest, 'items', '[]')

  test('is that of a manifest item without image and id', () => {
    expect(others).toEqual([])
    expect(nested.required).toBeUndefined()
    for (const name of ['parameters', 'grid', 'group', 'context'])
      expect(at(nested, name)).toEqual(at(item, name))
    expect(Object.keys(nested.properties ?? {})).toEqual([
      '$schema',
      'parameters',
      'grid',
      'group',
      'context',
    ])
  })

  test('also allows the arguments beside the other fields, without parameters', () => {
    expect(flat.required).toBeUndefined()
    for (const name of RENDER_ARGUMENT_NAMES) expect(at(flat, name)).toEqual(at(item, 'parameters', name))
    expect(Object.keys(flat.properties ?? {})).toEqual([
      ...['$schema', ...RENDER_ARGUMENT_NAMES, 'grid', 'group', 'context'],
    ])
  })
})
