import type { Template } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { notEmpty } from '../../fixtures/not-empty.ts'
import { synthesize, VARIANT_NAMES, VARIANTS, type Variant } from '../synthesized.ts'

/** Export names of a template, which CloudFormation knows in an account and a region. */
const exportsOf = (storage: Template): readonly string[] =>
  Object.values(
    storage.toJSON()['Outputs'] as Record<string, { readonly Export?: { readonly Name: string } }>,
  )
    .flatMap(({ Export }) => (Export === undefined ? [] : [Export.Name]))
    .toSorted()

const importsOf = (pipeline: Template): readonly string[] =>
  [...JSON.stringify(pipeline.toJSON()).matchAll(/"Fn::ImportValue":"([^"]+)"/g)]
    .map(([, name = '']) => name)
    .filter((name, i, all) => all.indexOf(name) === i)

/** The one that there is with `encryption=kms` alone: going back needs a `destroy` of the pipeline before. */
const isKey = (name: string): boolean => /OutputFnGetAttKey/.test(name)

const pairs = VARIANT_NAMES.flatMap((from) =>
  VARIANT_NAMES.filter((to) => to !== from).map((to): readonly [Variant, Variant] => [from, to]),
)

/*
 * `cdk deploy --all` updates storage before the pipeline: "Export … cannot be deleted as it is in use by …" refuses it
 * where the pipeline as it is deployed imports what storage as it is to be does not export.
 */
describe('an update from one variant to another', () => {
  test.each(pairs)('deletes no export that is in use: from %s to %s', (from, to) => {
    const inUse = importsOf(synthesize(VARIANTS[from]).pipeline)
    const exported = new Set(exportsOf(synthesize(VARIANTS[to]).storage))

    expect(inUse.length).toBeGreaterThan(5)
    expect(inUse.filter((name) => !exported.has(name) && !isKey(name))).toEqual([])
  })

  test('changes no export, because storage exports the same in every variant, and its KMS key with kms', () => {
    const [first, ...others] = VARIANT_NAMES.map((name) => exportsOf(synthesize(VARIANTS[name]).storage))

    for (const names of notEmpty(others)) expect(names.filter((name) => !isKey(name))).toEqual(first)
    expect(exportsOf(synthesize(VARIANTS.kms).storage).filter(isKey)).toHaveLength(1)
  })
})
