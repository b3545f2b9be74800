import { homedir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { weightCacheDir } from '../../../worker/engine/weight-cache-dir.ts'

test('weights are kept where SVD_CACHE_DIR says', () => {
  expect(weightCacheDir({ SVD_CACHE_DIR: '/data/cache', XDG_CACHE_HOME: '/x' })).toBe('/data/cache')
})

test('an empty SVD_CACHE_DIR keeps none', () => {
  expect(weightCacheDir({ SVD_CACHE_DIR: '' })).toBeNull()
})

test("without it they are kept in the user's cache folder", () => {
  expect(weightCacheDir({ XDG_CACHE_HOME: '/x' })).toBe('/x/svd-batch')
  expect(weightCacheDir({})).toBe(path.join(homedir(), '.cache', 'svd-batch'))
})
