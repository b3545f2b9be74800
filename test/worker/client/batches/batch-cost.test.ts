import { describe, expect, test } from 'vitest'
import { resultKey } from '../../../../shared/contracts/bucket-layout.ts'
import { readBatchCost } from '../../../../worker/client/batches/batch-cost.ts'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { aResult } from '../../../fixtures/job-records.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { countRequests } from '../../../fixtures/request-count.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

/** Reads the cost of a batch whose jobs have these costs. A job with `undefined` has no result. */
const costOf = async (costs: readonly (number | null | undefined)[], mostRead = 100) => {
  const outputs = openMemoryObjectStore({ bucket: 'out', now: () => 0 })
  const jobIds = costs.map((_, index) => jobIdLike((index + 16).toString(16)))
  for (const [index, cost] of costs.entries()) {
    const jobId = jobIds[index] ?? ''
    if (cost === undefined) continue
    const bytes = new TextEncoder().encode(JSON.stringify(aResult({ jobId, cost_usd: cost })))
    await outputs.put(resultKey(jobId), bytes, { contentType: 'application/json' }, unaborted)
  }
  const { store, requests } = countRequests(outputs)
  return { cost: await readBatchCost(store, jobIds, mostRead, unaborted), requests: requests() }
}

describe('the cost of a batch', () => {
  test.each<[string, readonly (number | null | undefined)[], object | null]>([
    ['is the sum when all costs are known', [1, 2, 0], { usd: 3, isEstimated: false }],
    [
      'counts a job without a cost with the mean of the other costs',
      [1, 2, null],
      { usd: 4.5, isEstimated: true },
    ],
    [
      'counts a job whose result is gone with the mean of the other costs',
      [1, undefined],
      { usd: 2, isEstimated: true },
    ],
    ['is unknown when no cost is known', [null, undefined], null],
    ['is unknown when the batch has no jobs', [], null],
  ])('%s', async (_, costs, expected) => {
    expect((await costOf(costs)).cost).toEqual(expected)
  })

  test('is estimated from evenly spread jobs when the batch has more jobs than are read', async () => {
    expect(await costOf([1, 100, 100, 3, 100, 100], 2)).toEqual({
      cost: { usd: 12, isEstimated: true },
      requests: 2,
    })
  })

  test('is estimated from the known costs of the jobs that are read', async () => {
    expect((await costOf([1, 100, null, 100], 2)).cost).toEqual({ usd: 4, isEstimated: true })
  })
})
