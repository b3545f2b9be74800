import { JOBS_PREFIX, STATUS_PREFIX } from '../../../shared/contracts/bucket-layout.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'

const ID_LENGTH = 32
/** Named in the message; more would not help. */
const SHOWN_CANDIDATES = 3

/** Ids that begin with `prefix`, until there are so many. */
const idsUnder = async (
  outputs: ObjectStore,
  prefix: string,
  limit: number,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const ids = new Set<string>()
  for (const folder of [STATUS_PREFIX, JOBS_PREFIX]) {
    for await (const { key } of outputs.list(`${folder}${prefix}`, signal)) {
      const id = key.slice(folder.length, folder.length + ID_LENGTH)
      if (/^[0-9a-f]{32}$/.test(id)) ids.add(id)
      if (ids.size > limit) return [...ids]
    }
  }
  return [...ids]
}

/** A job by its id or the beginning of it. Throws InvalidInputError where that is none, or not one alone. */
export const findJobId = async (
  outputs: ObjectStore,
  prefix: string,
  signal: AbortSignal,
): Promise<string> => {
  const typed = prefix.toLowerCase()
  if (!/^[0-9a-f]{1,32}$/.test(typed)) {
    throw new InvalidInputError(prefix, 'is no job id; those are up to 32 digits and letters from a to f')
  }
  const [only, ...others] = await idsUnder(outputs, typed, SHOWN_CANDIDATES, signal)
  if (only === undefined) {
    throw new InvalidInputError(prefix, `no job in s3://${outputs.bucket} has an id that begins with it`)
  }
  if (others.length === 0) return only
  const shown = [only, ...others].slice(0, SHOWN_CANDIDATES).join(', ')
  const more = others.length >= SHOWN_CANDIDATES ? '…' : ''
  throw new InvalidInputError(prefix, `begins the ids of several jobs: ${shown}${more}; give more of it`)
}

/** Each once, in the order given. Throws InvalidInputError. */
export const findJobIds = async (
  outputs: ObjectStore,
  prefixes: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const ids = new Set<string>()
  for (const prefix of prefixes) ids.add(await findJobId(outputs, prefix, signal))
  return [...ids]
}
