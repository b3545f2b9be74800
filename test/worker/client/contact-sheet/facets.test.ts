import { expect, test } from 'vitest'
import { facetData, facetsOf } from '../../../../worker/client/contact-sheet/facets.ts'
import { aSheetJob } from './a-sheet-job.ts'

const jobs = [
  aSheetJob({ parameters: { motion_bucket_id: 220, width: 192, height: 128 } }),
  aSheetJob({ parameters: { motion_bucket_id: 40, width: 192, height: 128 } }),
  aSheetJob({ parameters: { motion_bucket_id: 100, width: 128, height: 192 } }),
]

test('facets are the parameters that differ between jobs, with sorted values and one facet for the size', () => {
  expect(facetsOf(jobs)).toEqual([
    { name: 'size', values: ['128×192', '192×128'] },
    { name: 'motion_bucket_id', values: ['40', '100', '220'] },
  ])
  expect(facetsOf(jobs.slice(0, 1))).toEqual([])
})

test('the data of a card has the position of each of its values', () => {
  expect(jobs.map(({ status }) => JSON.parse(facetData(facetsOf(jobs), status.parameters)))).toEqual([
    { size: 1, motion_bucket_id: 2 },
    { size: 1, motion_bucket_id: 0 },
    { size: 0, motion_bucket_id: 1 },
  ])
})
