import type { Clock } from '../../shared/clock.ts'
import { noteChanged } from '../../shared/job-index/write-entries.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { withTimeLimit } from '../../shared/time-limit.ts'

/** The entry of a job that ends sooner would say nothing new: its end has one too. */
const IN_WORK_AFTER_MS = 5_000
const WRITE_LIMIT_MS = 5_000

/** Enters a job in the index once a worker has had it for some seconds, unless `until` aborts before. Never throws. */
export const noteInWork = async (
  { store, clock }: { readonly store: ObjectStore; readonly clock: Clock },
  jobId: string,
  until: AbortSignal,
): Promise<void> => {
  await clock.sleep(IN_WORK_AFTER_MS, until).catch(() => {})
  if (until.aborted) return
  await withTimeLimit({ clock, limitMs: WRITE_LIMIT_MS, signal: until }, (signal) =>
    noteChanged(store, jobId, clock.now(), signal),
  ).catch(() => {})
}
