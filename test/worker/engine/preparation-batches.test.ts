import { expect, test } from 'vitest'
import type { Value } from '../../../worker/compiler/graph/value.ts'
import { preparationBatches } from '../../../worker/engine/preparation-batches.ts'

const MIB = 2 ** 20

/** A float32 value of so many MiB. */
const aValue = (name: string, mib: number): Value => ({ name, dtype: 'float32', shape: [(mib * MIB) / 4] })

const namesOf = (...values: readonly Value[]) =>
  preparationBatches(values).map((batch) => batch.map(({ name }) => name))

test('preparationBatches groups values up to 32 MiB, in their order', () => {
  expect(namesOf(aValue('a', 16), aValue('b', 16), aValue('c', 1))).toEqual([['a', 'b'], ['c']])
  expect(namesOf(aValue('a', 16), aValue('b', 17), aValue('c', 15))).toEqual([['a'], ['b', 'c']])
})

test('preparationBatches puts a value larger than 32 MiB into a batch of its own', () => {
  expect(namesOf(aValue('a', 1), aValue('b', 64), aValue('c', 1))).toEqual([['a'], ['b'], ['c']])
  expect(namesOf(aValue('b', 64), aValue('c', 1))).toEqual([['b'], ['c']])
})

test('preparationBatches returns no batch for no values', () => {
  expect(preparationBatches([])).toEqual([])
})
