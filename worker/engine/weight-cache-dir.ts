import { homedir } from 'node:os'
import path from 'node:path'

/**
 * Folder in which prepared weights are kept: `SVD_CACHE_DIR` (empty: none is), else svd-batch in the user's cache
 * folder. Everything in it can be made again.
 */
export const weightCacheDir = (environment: Readonly<Record<string, string | undefined>>): string | null => {
  const chosen = environment['SVD_CACHE_DIR']
  if (chosen !== undefined) return chosen === '' ? null : path.resolve(chosen)
  return path.join(environment['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'svd-batch')
}
