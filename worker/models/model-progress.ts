/** Progress of hashing, fetching or pushing a model's files. */
export interface ModelProgress {
  /** `wait`: another process fetches the same model. */
  readonly phase: 'hash' | 'fetch' | 'push' | 'wait'
  readonly doneBytes: number
  readonly totalBytes: number
}

export type OnModelProgress = (progress: ModelProgress) => void

/** Counts bytes of one phase. */
export const openByteCount = (
  phase: ModelProgress['phase'],
  totalBytes: number,
  onProgress: OnModelProgress,
): ((sizeBytes: number) => void) => {
  let doneBytes = 0
  return (sizeBytes) => {
    doneBytes += sizeBytes
    onProgress({ phase, doneBytes, totalBytes })
  }
}
