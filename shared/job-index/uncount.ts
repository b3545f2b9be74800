import type { EndedKind } from '../contracts/index-entry.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { MAX_CLOCK_SKEW_MS } from './count-entries.ts'
import { rangeCovering, withoutTime } from './counted-ranges.ts'
import { readCounts, writeCounts } from './index-counts-store.ts'

/** Other processes write the counts at the same moment; more conflicts than that are no accident. */
const ATTEMPTS = 100

/** A count ends within it: longer than a Lambda function lives, and than a worker gives one. */
const COUNT_MS = 15 * 60_000

interface Waiting {
  readonly kind: EndedKind
  readonly time: Date
  readonly signal: AbortSignal
  resolve(): void
  reject(reason: unknown): void
}

/** Those who wait for the next write to a store, where one is under way. One process so never competes with itself. */
const waitingOf = new WeakMap<ObjectStore, Waiting[]>()

const writeOnce = async (
  store: ObjectStore,
  group: readonly Waiting[],
  signal: AbortSignal,
): Promise<void> => {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const stored = await readCounts(store, signal)
    const counted = { ...stored.counts.counted }
    for (const { kind, time } of group) counted[kind] = withoutTime(counted[kind], time)
    if (await writeCounts(store, stored, counted, signal)) return
  }
  throw new Error(`the counts of the index were written by others ${ATTEMPTS} times in a row`)
}

/** An error is the first one's. The others are written again, with the signal of the next. */
const writeForAll = async (store: ObjectStore, waiting: Waiting[]): Promise<void> => {
  for (;;) {
    const group = waiting.splice(0)
    const [first] = group
    if (first === undefined) break
    try {
      await writeOnce(store, group, first.signal)
      for (const { resolve } of group) resolve()
    } catch (error) {
      first.reject(error)
      waiting.unshift(...group.slice(1))
    }
  }
  waitingOf.delete(store)
}

/**
 * Has the range that covers `time` counted again. A count that is under way ends without effect, because it may lack what
 * the caller changes. Throws where the store fails.
 */
export const uncount = (
  store: ObjectStore,
  kind: EndedKind,
  time: Date,
  signal: AbortSignal,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const one: Waiting = { kind, time, signal, resolve, reject }
    const others = waitingOf.get(store)
    if (others !== undefined) {
      others.push(one)
      return
    }
    const waiting = [one]
    waitingOf.set(store, waiting)
    void writeForAll(store, waiting)
  })

/**
 * Uncounts the range of an entry that is there, unless the range was counted with it. The writer of a late entry may
 * have ended before it uncounted.
 */
export const uncountUnlessCounted = async (
  store: ObjectStore,
  kind: EndedKind,
  { time, createdAt }: { readonly time: Date; readonly createdAt: Date },
  now: Date,
  signal: AbortSignal,
): Promise<void> => {
  const { counts } = await readCounts(store, signal)
  const range = rangeCovering(counts.counted[kind], time)
  // Without a range, a count that began before the entry was created may still be under way.
  const isComplete =
    range === null
      ? now.getTime() - createdAt.getTime() > COUNT_MS + MAX_CLOCK_SKEW_MS
      : Date.parse(range.counted_at) - createdAt.getTime() > MAX_CLOCK_SKEW_MS
  if (!isComplete) await uncount(store, kind, time, signal)
}
