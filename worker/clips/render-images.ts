import type { ClipMetadata } from '../../shared/contracts/clip-record.ts'
import type { Progress } from '../pipeline/progress.ts'
import type { Renderer } from '../renderer/child-process-renderer.ts'
import type { PreparedImage, prepareImage } from '../renderer/prepare-image.ts'
import type { RenderJob, RenderResult } from '../renderer/render-job.ts'
import type { FinishedClip, finishClip } from '../video/finish-clip.ts'
import { metadataOfVideos, type SharedFacts } from './clip-facts.ts'
import type { ImageJob } from './image-job.ts'
import type { ImageSource } from './image-source.ts'
import { oneAhead } from './one-ahead.ts'
import { publishRecords } from './publish-records.ts'
import { andThen, type Settled, settle } from './settled.ts'
import { type StagedOutputs, stageOutputs } from './staged-outputs.ts'

/** Result of a rendered image: its published files, and the time and memory that they took. */
export interface RenderedImage extends Omit<RenderResult, 'videos' | 'seconds'> {
  readonly videos: readonly FinishedClip[]
  /** Seconds of work; `total` leaves out the time that an image waits for others. */
  readonly seconds: RenderResult['seconds'] & { readonly encodeVideo: number }
}

export interface ImageOutcome {
  readonly index: number
  readonly job: ImageJob
  readonly outcome: Settled<RenderedImage>
}

export interface RenderTools {
  readonly prepareImage: typeof prepareImage
  readonly finishClip: typeof finishClip
  readonly signal: AbortSignal
  readonly renderer: Renderer<RenderJob, RenderResult>
  readonly readImage: ImageSource['read']
  readonly ffmpegPath: string
  readonly facts: SharedFacts
  /** `index` is the image's index in the list. */
  readonly onProgress: (index: number, progress: Progress) => void
}

/** An image between two stages, with the outcome of the last stage. */
interface Underway<T> {
  readonly index: number
  readonly job: ImageJob
  readonly staged: StagedOutputs
  readonly made: Settled<T>
}

interface Rendered {
  readonly prepared: PreparedImage
  readonly result: RenderResult
}

const assertFinite = ({ videos }: RenderResult): void => {
  const count = videos.reduce((sum, { nonFiniteValues }) => sum + nonFiniteValues, 0)
  if (count === 0) return
  throw new Error(
    `the decoded video holds ${count} values that are NaN or infinite: the networks' numbers overflowed`,
  )
}

const summed = ({ prepared, result }: Rendered, videos: readonly FinishedClip[]): RenderedImage => {
  const encodeVideo = videos.reduce((sum, { seconds }) => sum + seconds, 0)
  const { encodeImage, total, ...phases } = result.seconds
  return {
    ...result,
    videos,
    seconds: {
      ...phases,
      encodeImage: prepared.seconds + encodeImage,
      encodeVideo,
      total: prepared.seconds + total + encodeVideo,
    },
  }
}

/**
 * Renders images in order, each in three stages. No more than one image is at each stage:
 *
 *     prepare   1  2  3  4           this process
 *     render       1  2  3  4        the renderer's
 *     finish          1  2  3  4     this process, and ffmpeg
 *
 * Every image passes all stages and has an outcome, also if it failed before or `signal` has aborted. Its temporary
 * files are removed at the end of the last stage.
 */
export async function* renderImages(
  jobs: readonly ImageJob[],
  { renderer, readImage, prepareImage, finishClip, ffmpegPath, facts, signal, onProgress }: RenderTools,
): AsyncGenerator<ImageOutcome> {
  const prepare = async ([index, job]: readonly [number, ImageJob]): Promise<Underway<PreparedImage>> => {
    const staged = stageOutputs(job)
    const { width, height, fit } = job.settings.parameters
    const made = await settle(async () => {
      signal.throwIfAborted()
      await staged.make()
      const bytes = await readImage(job.image, signal)
      return prepareImage({ bytes, field: job.image, width, height, fit, folder: staged.folder, signal })
    })
    return { index, job, staged, made }
  }

  const render = async ({ made, ...image }: Underway<PreparedImage>): Promise<Underway<Rendered>> => {
    const { index, job, staged } = image
    const rendered = await andThen(made, async (prepared) => {
      const { source, fitted } = prepared
      const outputs = staged.videos.map(({ rawFrames }) => rawFrames)
      const result = await renderer.render(
        { ...job.settings, source, fitted, outputs },
        { signal, onProgress: (progress) => onProgress(index, progress) },
      )
      assertFinite(result)
      return { prepared, result }
    })
    return { ...image, made: rendered }
  }

  const finishVideos = async (
    { index, job, staged }: Underway<Rendered>,
    metadataOf: (video: number) => ClipMetadata | null,
  ): Promise<FinishedClip[]> => {
    const { width, height, fps, format, crf, loop } = job.settings.parameters
    const files = format.map((one) => ({ format: one, crf }))
    const { videos } = staged
    const clips: FinishedClip[] = []
    for (const [place, video] of videos.entries()) {
      const report = ({ phase, step, steps }: Progress): void =>
        onProgress(index, { phase, step: place * steps + step, steps: videos.length * steps })
      const clip = { ...video, width, height, fps, files, loop, metadata: metadataOf(place) }
      clips.push(await finishClip({ ...clip, ffmpegPath, signal, onProgress: report }))
    }
    return clips
  }

  const finish = (image: Underway<Rendered>): Promise<Settled<RenderedImage>> =>
    settle(async () => {
      try {
        if ('error' in image.made) throw image.made.error
        const { prepared, result } = image.made.value
        const rendered = { pixelsSha256: prepared.pixelsSha256, decodeChunk: result.decodeChunk }
        const metadataOf = await metadataOfVideos(image.job, rendered, facts)
        const clips = await finishVideos(image, metadataOf)
        await publishRecords(image.job.outputs, clips, metadataOf)
        return summed(image.made.value, await image.staged.publish(clips))
      } finally {
        await image.staged.discard()
      }
    })

  for await (const image of oneAhead(oneAhead(jobs.entries(), prepare), render)) {
    yield { index: image.index, job: image.job, outcome: await finish(image) }
  }
}
