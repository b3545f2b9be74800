import { homedir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { weightCacheDir } from '../../../worker/engine/weight-cache-dir.ts'

test('weightCacheDir returns the folder in SVD_CACHE_DIR', () => {
  expect(weightCacheDir({ SVD_CACHE_DIR: '/data/cache', XDG_CACHE_HOME: '/x' })).toBe('/data/cache')
})

test('weightCacheDir returns null when SVD_CACHE_DIR is empty', () => {
  expect(weightCacheDir({ SVD_CACHE_DIR: '' })).toBeNull()
})

test("weightCacheDir returns a folder in the user's cache folder without SVD_CACHE_DIR", () => {
  expect(weightCacheDir({ XDG_CACHE_HOME: '/x' })).toBe('/x/svd-batch')
  expect(weightCacheDir({})).toBe(path.join(homedir(), '.cache', 'svd-batch'))
})
