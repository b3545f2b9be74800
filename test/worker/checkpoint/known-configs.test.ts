import { readdir } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { findKnownConfigs, knownNameFault } from '../../../worker/checkpoint/known-configs.ts'

describe('a name that is not built in', () => {
  test.each(['./svd-xt', 'svd-xt/', 'SVD-XT', 'svd', '', '../known-configs/svd-xt'])(
    "is a path: '%s'",
    async (name) => {
      expect(await findKnownConfigs(name)).toBeNull()
      expect(knownNameFault(name)).toBeNull()
    },
  )
})

test('every folder of built-in configs has a name and a repository', async () => {
  const folder = new URL('../../../worker/checkpoint/known-configs/', import.meta.url)
  const names = (await readdir(folder)).filter((name) => name !== 'README.md')
  expect(names).toEqual(['svd-xt'])
  for (const name of names) expect(knownNameFault(name)).toMatch(/hf download \S+\/\S+ --local-dir svd-xt /)
})
