import { programFile } from '../../shared/program-file.ts'
import { openRenderer } from './child-process-renderer.ts'
import { IMAGE_JOB_SCHEMAS } from './image-job.ts'
import type { prepareImage } from './prepare-image.ts'
import type { RendererProcessOptions } from './renderer-process.ts'

export interface ImageProcess extends AsyncDisposable {
  /**
   * Does the same as `prepareImage`, one image at a time. Also throws `RendererCrashedError` if the process dies or
   * takes too long; the next image then gets a new process.
   */
  readonly prepareImage: typeof prepareImage
}

export interface ImageProcessOptions extends Partial<RendererProcessOptions> {
  /** Time limit for one image; default 120,000. */
  readonly limitMs?: number
}

const ENTRY = programFile('./image-main', import.meta.url)
/** The largest image takes ten seconds of one core. */
const LIMIT_MS = 120_000

/**
 * Prepares images in a process of its own. A worker decodes what strangers upload: a fault of a native library, or an image
 * that takes more memory than there is, ends that process and not the worker, which holds the leases of other jobs.
 */
export const openImageProcess = ({
  limitMs = LIMIT_MS,
  ...options
}: ImageProcessOptions = {}): ImageProcess => {
  const images = openRenderer({
    ...{ entry: ENTRY, processName: 'the process that prepares images' },
    ...options,
    schemas: IMAGE_JOB_SCHEMAS,
    stallTimeoutMs: limitMs,
  })
  return {
    prepareImage: ({ signal, ...image }) => images.render(image, { signal }),
    [Symbol.asyncDispose]: images.close,
  }
}
