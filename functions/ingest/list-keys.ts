import type { ObjectStore } from '../../shared/ports/object-store.ts'

/**
 * Keys under any of `prefixes` that pass `isWanted`, each once. S3 answers up to a thousand keys with one request, so a
 * prefix of `listingPrefixes` is one request: only files with one stem are below it.
 */
export const listKeys = async (
  store: ObjectStore,
  prefixes: readonly string[],
  isWanted: (key: string) => boolean,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const keys = new Set<string>()
  for (const prefix of prefixes) {
    for await (const { key } of store.list(prefix, signal)) if (isWanted(key)) keys.add(key)
  }
  return [...keys]
}
