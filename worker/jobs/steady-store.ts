import type { Clock } from '../../shared/clock.ts'
import { ObjectChangedError, type ObjectStore, ObjectTooLargeError } from '../../shared/ports/object-store.ts'
import { PostponedError } from './postponed-error.ts'
import { reasonOf } from './reason-of.ts'

export interface SteadyDeps {
  readonly clock: Clock
  readonly random: () => number
  /** Called before each try; what it throws ends the request. */
  readonly beforeTry?: () => void
}

/** With every seventh request failing, one in 16,000 fails five times. */
const TRIES = 5
/** 0.25, 0.5, 1 and 2 s, from half to one and a half times that by chance: some four seconds. */
const FIRST_PAUSE_MS = 250

/** Whether a second try cannot change the error: an answer of the store, or a local file that cannot be read. */
const isAnswer = (error: unknown): boolean =>
  error instanceof ObjectTooLargeError ||
  error instanceof ObjectChangedError ||
  (error instanceof Error && 'path' in error)

/**
 * The store, each of whose requests is repeated where it fails: a single error of the network ends no attempt. A request
 * that fails again and again throws a `PostponedError`, because no job is at fault for it. `create` and `replace` may find
 * their own first try, see the port.
 */
export const steadyStore = (
  store: ObjectStore,
  { clock, random, beforeTry = () => {} }: SteadyDeps,
): ObjectStore => {
  const steadily = async <T>(request: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    for (let tries = 1; ; tries++) {
      beforeTry()
      try {
        return await request()
      } catch (error) {
        signal.throwIfAborted()
        if (isAnswer(error)) throw error
        if (tries === TRIES) {
          const reason = `the bucket ${store.bucket} does not answer: ${reasonOf(error)}`
          throw new PostponedError(reason, { workersFault: true, cause: error })
        }
      }
      await clock.sleep(FIRST_PAUSE_MS * 2 ** (tries - 1) * (0.5 + random()), signal)
    }
  }
  return {
    ...store,
    head: (key, signal, versionId) => steadily(() => store.head(key, signal, versionId), signal),
    read: (key, options, signal) => steadily(() => store.read(key, options, signal), signal),
    readRange: (key, range, signal) => steadily(() => store.readRange(key, range, signal), signal),
    create: (key, body, options, signal) => steadily(() => store.create(key, body, options, signal), signal),
    put: (key, body, options, signal) => steadily(() => store.put(key, body, options, signal), signal),
    replace: (key, etag, body, options, signal) =>
      steadily(() => store.replace(key, etag, body, options, signal), signal),
  }
}
