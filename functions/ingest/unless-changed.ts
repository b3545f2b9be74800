import { ObjectChangedError } from '../../shared/ports/object-store.ts'
import type { IngestOutcome } from './ingest-deps.ts'

/** Skips an object that is overwritten or deleted while it is read: that has an event of its own. */
export const unlessChanged = async (
  key: string,
  ingest: () => Promise<IngestOutcome>,
): Promise<IngestOutcome> => {
  try {
    return await ingest()
  } catch (error) {
    if (error instanceof ObjectChangedError) return { type: 'skipped', key, reason: 'changed' }
    throw error
  }
}
