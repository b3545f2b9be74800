import { DoesNotFitError } from '../../shared/contracts/does-not-fit.ts'
import { decodeChunkOf } from '../../shared/contracts/render-parameters.ts'
import type { Progress } from '../pipeline/progress.ts'
import type { RenderContext, Renderer } from './child-process-renderer.ts'
import type { RenderJob, RenderResult } from './render-job.ts'
import { RendererCrashedError } from './renderer-crashed.ts'

type Parameters = RenderJob['parameters']

export interface WithinMemoryOptions {
  /** Counts the processes that the kernel has killed for memory since it started; `null` if it does not report it. */
  readonly countOomKills: () => Promise<number | null>
  /** Called when a job is rendered once more with a smaller chunk, with the reason. */
  readonly onRestart?: (reason: string) => void
}

const shapeOf = ({ width, height, numFrames }: Parameters): string => `${width}x${height}x${numFrames}`

const withChunkOf = (job: RenderJob, most: number | undefined): RenderJob =>
  most === undefined || decodeChunkOf(job.parameters) <= most
    ? job
    : { ...job, parameters: { ...job.parameters, decodeChunkSize: most } }

/** Frames that were decoded at once; the renderer may have planned fewer than requested. */
const decodedAtOnce = (parameters: Parameters, { steps: chunks }: Progress): number => {
  const { numFrames, numVideosPerPrompt, decodeOverlap } = parameters
  const planned = Math.ceil((numFrames * numVideosPerPrompt - decodeOverlap) / chunks) + decodeOverlap
  return Math.min(decodeChunkOf(parameters), planned)
}

const doesNotFit = ({ width, height }: Parameters, chunk: number, cause: Error): Error =>
  new DoesNotFitError(
    `a clip of ${width}x${height}: the kernel killed the renderer for its memory while it decoded ${chunk} frames at ` +
      `once, the fewest possible (${cause.message}); give a smaller width and height, or take a machine with more memory`,
  )

/**
 * The renderer, which renders a job once more with half as many frames decoded at once where the kernel has killed its
 * process for memory during the decode. Later jobs of the same shape begin with the smaller chunk. Throws
 * `DoesNotFitError` where the smallest chunk was killed too.
 *
 * A process that is killed before the decode is a `RendererCrashedError`, as without this: the size of a chunk makes no
 * difference to it.
 */
export const renderWithinMemory = (
  renderer: Renderer<RenderJob, RenderResult>,
  { countOomKills, onRestart }: WithinMemoryOptions,
): Renderer<RenderJob, RenderResult> => {
  /** Largest chunks that are still tried after a kill, by the shape of a clip. */
  const largestChunks = new Map<string, number>()

  const render = async (asked: RenderJob, { signal, onProgress }: RenderContext): Promise<RenderResult> => {
    const shape = shapeOf(asked.parameters)
    for (;;) {
      const job = withChunkOf(asked, largestChunks.get(shape))
      const killsBefore = await countOomKills()
      let last: Progress | undefined
      try {
        return await renderer.render(job, {
          signal,
          onProgress(progress) {
            last = progress
            onProgress?.(progress)
          },
        })
      } catch (error) {
        if (!(error instanceof RendererCrashedError) || error.signal !== 'SIGKILL') throw error
        const kills = (await countOomKills()) ?? 0
        if (killsBefore === null || kills <= killsBefore || last?.phase !== 'decode') throw error
        const tried = decodedAtOnce(job.parameters, last)
        const chunk = Math.max(Math.floor(tried / 2), job.parameters.decodeOverlap + 1)
        if (chunk >= tried) throw doesNotFit(job.parameters, tried, error)
        largestChunks.set(shape, chunk)
        onRestart?.(`${error.message}; ${chunk} frames are decoded at once from now on`)
      }
    }
  }
  return { ...renderer, render }
}
