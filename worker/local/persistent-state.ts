import { createDisposalStack } from '../../shared/disposal-stack.ts'
import { type DataDir, openDataDir } from './data-dir.ts'
import { type EarlierWork, readEarlierWork } from './earlier-work.ts'
import { type FauxqsState, openFauxqsState } from './fauxqs-state.ts'
import type { FeedRecord } from './object-feed.ts'
import { type PersistentEvents, persistentEvents } from './persistent-events.ts'
import { persistentKeys } from './persistent-keys.ts'
import { dataDirError } from './sqlite-fault.ts'

/** The state of the local pipeline in a folder, for this process alone. */
export interface PersistentState extends AsyncDisposable {
  /** As the user gave it. */
  readonly folder: string
  /** For one server, which keeps each change of buckets and queues in the folder. */
  readonly stores: FauxqsState['stores']
  readonly database: FauxqsState['database']
  /** Connection to the records of the pipeline, beside those of fauxqs. */
  readonly records: DataDir['records']
  /** Work that earlier processes left. */
  readonly earlierWork: EarlierWork
  readonly events: PersistentEvents
  /** Keeps the keys of the feed with that name. */
  keys(feed: string): FeedRecord
  noteUrl(url: string): void
  /** The first change that could not be kept, with its fix; `null`: there was none. */
  findFault(): Error | null
  /** Rejects with that error. */
  readonly failed: Promise<never>
}

/** The same calls, all of them. `onFault` gets each error that one throws. */
const withFaultsTold = <T extends object>(calls: T, onFault: (error: unknown) => void): T => {
  const told =
    (call: (...values: readonly unknown[]) => unknown) =>
    (...values: readonly unknown[]): unknown => {
      try {
        return call(...values)
      } catch (error) {
        onFault(error)
        throw error
      }
    }
  const entries = Object.entries(calls).map(([name, value]) => [
    name,
    typeof value === 'function' ? told(value) : value,
  ])
  return Object.fromEntries(entries) as T
}

/** Opens a folder, see `openDataDir`. Throws an error that names the folder if its files cannot be used. */
export const openPersistentState = async (folder: string, now: () => Date): Promise<PersistentState> => {
  await using opening = createDisposalStack()
  const dir = await openDataDir(folder, now)
  opening.defer(() => dir[Symbol.dispose]())
  let fault: Error | null = null
  const { promise: failed, reject } = Promise.withResolvers<never>()
  // The pipeline awaits it later.
  failed.catch(() => {})
  const onFault = (cause: unknown): void => {
    if (fault !== null) return
    fault = dataDirError(folder, cause)
    reject(fault)
  }
  const state = await openFauxqsState(folder, { now, onFault }).catch((cause: unknown) => {
    throw dataDirError(folder, cause)
  })
  opening.defer(() => state[Symbol.dispose]())
  const open = opening.move()
  return {
    ...{ folder, failed, stores: state.stores, noteUrl: dir.noteUrl },
    ...{ database: state.database, records: dir.records },
    earlierWork: readEarlierWork(state.database, dir.records),
    events: withFaultsTold(persistentEvents(dir.records), onFault),
    keys: (feed) => withFaultsTold(persistentKeys(dir.records, feed), onFault),
    findFault: () => fault,
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  }
}
