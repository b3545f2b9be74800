import { expect, test } from 'vitest'
import { readMetadata } from '../../../shared/manifest/read-metadata.ts'

test('only names that begin with svd- are read', () => {
  expect(readMetadata({ fps: '7', mtime: '1', 'svd-fps': ' 12 ' })).toMatchObject({
    values: { fps: 12 },
    faults: [],
  })
})

test('a name is read in any case, and with either mark between its words', () => {
  expect(readMetadata({ svd_fps: '12', 'SVD-Motion_Bucket-id': '60' })).toMatchObject({
    values: { fps: 12, motion_bucket_id: 60 },
    faults: [],
  })
})

test('a name that is given by two spellings is a fault that names both, and not a value', () => {
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

test('a fault has the name as it was written', () => {
  const { faults } = readMetadata({ 'svd-motion-bucket-id': 'lots', 'svd-colour': 'red' })
  expect(faults.map(({ field }) => field)).toEqual(['svd-motion-bucket-id', 'svd-colour'])
})

test('names of objects in JavaScript are no arguments', () => {
  const { faults, values } = readMetadata({ 'svd---proto--': '1', 'svd-constructor': '1' })
  expect(faults.map(({ field }) => field)).toEqual(['svd---proto--', 'svd-constructor'])
  expect(values).toEqual({})
})
