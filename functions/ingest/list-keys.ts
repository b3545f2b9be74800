import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { shownValue } from '../../shared/contracts/shown-value.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'

/** S3 lists up to a thousand keys with a request, so these are ten requests. */
const MAX_LISTED_KEYS = 10_000

const tooMany = (prefix: string): string =>
  `has more than ${MAX_LISTED_KEYS} keys beside it that begin with ${shownValue(prefix)}, so that its sidecar or image ` +
  'cannot be found among them; give it another name, or move the others to another folder'

/**
 * Keys under any of `prefixes` that pass `isWanted`, each once. A prefix of `listingPrefixes` is usually one request. It
 * also lists names that begin as the stem does and go on with a full stop: `images/x.` lists `images/x.0001.png`, and all
 * in the folder `images/x.2024/`.
 *
 * @throws InvalidInputError (`key`) if there are too many.
 */
export const listKeys = async (
  store: ObjectStore,
  prefixes: readonly string[],
  isWanted: (key: string) => boolean,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const keys = new Set<string>()
  for (const prefix of prefixes) {
    let listed = 0
    for await (const { key } of store.list(prefix, signal)) {
      listed += 1
      if (listed > MAX_LISTED_KEYS) throw new InvalidInputError('key', tooMany(prefix))
      if (isWanted(key)) keys.add(key)
    }
  }
  return [...keys]
}
