import { jobIdOfResult } from '../../../shared/contracts/bucket-layout.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { readResult } from '../../../shared/records/read-result.ts'
import { downloadVideos } from '../../client/download/download-videos.ts'
import type { ObjectFeed } from '../../local/object-feed.ts'

export interface FetchOptions {
  readonly folder: string
  /** Aborts when no further result will be written. Those that wait are still handled. */
  readonly written: AbortSignal
  readonly onFile: (file: string) => void
  /** Called with a failure. The videos are fetched again after a restart, if keys of `results` are kept. */
  readonly onFailure: (error: unknown) => void
}

const never = (): AbortSignal => AbortSignal.any([])

/** Copies the videos of each job into a folder when its result has been written. Resolves when all is copied. */
export const fetchVideos = async (
  outputs: ObjectStore,
  results: ObjectFeed,
  { folder, written, onFile, onFailure }: FetchOptions,
): Promise<void> => {
  const fetch = async (key: string): Promise<void> => {
    try {
      // A result that `svd redrive` has taken away is `null`.
      const result = await readResult(outputs, jobIdOfResult(key) ?? '', never())
      const files = result === null ? [] : await downloadVideos(outputs, result.record, folder, never())
      results.settle(key)
      for (const file of files) onFile(file)
    } catch (error) {
      onFailure(error)
    }
  }
  for (;;) {
    const key = await results.next(written).catch(() => null)
    if (key === null) break
    await fetch(key)
  }
  for (const key of results.takeAll()) await fetch(key)
}
