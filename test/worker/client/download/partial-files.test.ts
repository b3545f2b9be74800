import { expect, test } from 'vitest'
import { partialName, removeAbandonedParts } from '../../../../worker/client/download/partial-files.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'

test('the partial files of two transfers have different names, which are hidden', () => {
  const names = Array.from({ length: 100 }, partialName)
  expect(new Set(names).size).toBe(100)
  expect(names.filter((name) => !/^\.svd-download-[\da-f-]{36}\.partial$/.test(name))).toEqual([])
})

test('a folder that does not exist has no partial files to remove', async () => {
  await expect(removeAbandonedParts(`${await temporaryDir()}/none`, Date.now())).resolves.toBeUndefined()
})
