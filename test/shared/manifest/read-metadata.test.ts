import { expect, test } from 'vitest'
import { readMetadata } from '../../../shared/manifest/read-metadata.ts'

test('only names that begin with svd- are read', () => {
  expect(readMetadata({ fps: '7', mtime: '1', 'svd-fps': ' 12 ' })).toMatchObject({
    values: { fps: 12 },
    faults: [],
  })
})

test('a fault has the name as it was written', () => {
  const { faults } = readMetadata({ 'svd-motion-bucket-id': 'lots', 'svd-colour': 'red' })
  expect(faults.map(({ field }) => field)).toEqual(['svd-motion-bucket-id', 'svd-colour'])
})

test('names of objects in JavaScript are no arguments', () => {
  const { faults, values } = readMetadata({ 'svd---proto--': '1', 'svd-constructor': '1' })
  expect(faults.map(({ field }) => field)).toEqual(['svd---proto--', 'svd-constructor'])
  expect(values).toEqual({})
})
