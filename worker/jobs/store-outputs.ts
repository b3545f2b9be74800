import { outputKeys } from '../../shared/contracts/bucket-layout.ts'
import type { JobOutput } from '../../shared/contracts/result-record.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import type { FinishedVideo } from './job-stages.ts'
import { storeVideo } from './store-video.ts'

/**
 * Uploads the files of one attempt into that attempt's own folder, and returns where they are. Files of other attempts
 * are neither used nor changed, so that a record never describes a mixture of two renders.
 */
export const storeOutputs = async (
  store: ObjectStore,
  { jobId, attemptId }: { readonly jobId: string; readonly attemptId: string },
  videos: readonly FinishedVideo[],
  signal: AbortSignal,
): Promise<readonly JobOutput[]> => {
  const outputs: JobOutput[] = []
  for (const [index, keys] of outputKeys(jobId, attemptId, videos.length).entries())
    outputs.push(await storeVideo(store, keys, videos[index]!, {}, signal))
  return outputs
}
