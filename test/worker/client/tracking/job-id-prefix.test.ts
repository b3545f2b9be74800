import { expect, test } from 'vitest'
import { resultKey, statusKey } from '../../../../shared/contracts/bucket-layout.ts'
import { findJobId, findJobIds } from '../../../../worker/client/tracking/job-id-prefix.ts'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

const anOutputBucket = async (...keys: readonly string[]) => {
  const outputs = openMemoryObjectStore({ bucket: 'out', now: () => 0 })
  for (const key of keys) await outputs.put(key, new Uint8Array(), { contentType: '' }, unaborted)
  return outputs
}

const withStatusOf = (...beginnings: readonly string[]) =>
  anOutputBucket(...beginnings.map((beginning) => statusKey(jobIdLike(beginning))))

test('a job is found by the first digits of its id, in any case, by its status or its folder', async () => {
  const outputs = await anOutputBucket(statusKey(jobIdLike('ab')), resultKey(jobIdLike('cd')))
  expect(await findJobId(outputs, 'AB', unaborted)).toBe(jobIdLike('ab'))
  expect(await findJobId(outputs, 'c', unaborted)).toBe(jobIdLike('cd'))
})

test('a job with a status and a folder is found once', async () => {
  const outputs = await anOutputBucket(statusKey(jobIdLike('ab')), resultKey(jobIdLike('ab')))
  expect(await findJobId(outputs, 'a', unaborted)).toBe(jobIdLike('ab'))
})

test.each(['', 'g1', `${'a'.repeat(33)}`])('%j is refused as a job id', async (typed) => {
  await expect(findJobId(await withStatusOf('a'), typed, unaborted)).rejects.toThrow('is no job id')
})

test('an unknown id is refused, and the error names the bucket', async () => {
  await expect(findJobId(await withStatusOf('a'), 'b', unaborted)).rejects.toThrow(
    'b: no job in s3://out has an id that begins with it',
  )
})

test('the first digits of several ids are refused, and the error names three of these ids', async () => {
  const ids = ['a1', 'a2', 'a3'].map(jobIdLike).join(', ')
  await expect(findJobId(await withStatusOf('a1', 'a2', 'a3'), 'a', unaborted)).rejects.toThrow(
    `${ids}; give`,
  )
  await expect(findJobId(await withStatusOf('a1', 'a2', 'a3', 'a4'), 'a', unaborted)).rejects.toThrow(
    `${ids}…; give`,
  )
})

test('several ids are returned once each, in the given order', async () => {
  const outputs = await withStatusOf('a', 'b')
  expect(await findJobIds(outputs, ['b', 'a', 'b0'], unaborted)).toEqual([jobIdLike('b'), jobIdLike('a')])
})
