import { expect, test } from 'vitest'
import { partialName, removeAbandonedParts } from '../../../../worker/client/download/partial-files.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'

test('no two transfers share a name, and the names are hidden', () => {
  const names = Array.from({ length: 100 }, partialName)
  expect(new Set(names).size).toBe(100)
  expect(names.filter((name) => !/^\.svd-download-[\da-f-]{36}\.partial$/.test(name))).toEqual([])
})

test('a folder that is not there has no parts', async () => {
  await expect(removeAbandonedParts(`${await temporaryDir()}/none`, Date.now())).resolves.toBeUndefined()
})
