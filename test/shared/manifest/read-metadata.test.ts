import { expect, test } from 'vitest'
import { readMetadata } from '../../../shared/manifest/read-metadata.ts'

test('only metadata names that begin with svd- are read', () => {
  expect(readMetadata({ fps: '7', mtime: '1', 'svd-fps': ' 12 ' })).toMatchObject({
    values: { fps: 12 },
    faults: [],
  })
})

test('a metadata name is read in any case, and with hyphens or underscores', () => {
  expect(readMetadata({ svd_fps: '12', 'SVD-Motion_Bucket-id': '60' })).toMatchObject({
    values: { fps: 12, motion_bucket_id: 60 },
    faults: [],
  })
})

test('a metadata name that is given in two spellings is a fault that names both, and has no value', () => {
  const { values, faults } = readMetadata({
    'svd-decode_overlap': '1',
    'svd-decode-overlap': '2',
    svd_fps: '8',
  })
  expect(values).toEqual({ fps: 8 })
  expect(faults).toEqual([
    {
      field: 'svd-decode-overlap',
      message: "is given as 'svd-decode_overlap' and 'svd-decode-overlap'; keep one",
    },
  ])
})

test('a fault names a metadata entry as it was written', () => {
  const { faults } = readMetadata({ 'svd-motion-bucket-id': 'lots', 'svd-colour': 'red' })
  expect(faults.map(({ field }) => field)).toEqual(['svd-motion-bucket-id', 'svd-colour'])
})

test('property names of every JavaScript object are not arguments', () => {
  const { faults, values } = readMetadata({ 'svd---proto--': '1', 'svd-constructor': '1' })
  expect(faults.map(({ field }) => field)).toEqual(['svd---proto--', 'svd-constructor'])
  expect(values).toEqual({})
})
