import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Progress } from '../../../worker/pipeline/progress.ts'
import type { Renderer } from '../../../worker/renderer/child-process-renderer.ts'
import {
  posterOf,
  type RenderJob,
  type RenderResult,
  renderJobSchema,
  renderResultSchema,
} from '../../../worker/renderer/render-job.ts'

export interface FakeRendererOptions {
  /** By the image's file name: the error that rendering it throws. */
  readonly failures?: Readonly<Record<string, Error>>
  readonly progress?: readonly Progress[]
  /** Called when a job begins. */
  readonly onRender?: (job: RenderJob) => void | Promise<void>
}

const writeRecorded = async (file: string, content: string) => {
  await writeFile(file, content)
  const sha256 = createHash('sha256').update(content).digest('hex')
  return { path: file, sizeBytes: Buffer.byteLength(content), sha256 }
}

const writeOutputs = async (job: RenderJob): Promise<RenderResult['videos']> => {
  const videos: RenderResult['videos'] = []
  for (const [index, output] of job.outputs.entries()) {
    const framesDir = job.framesDirs?.[index] ?? null
    if (framesDir !== null) {
      await mkdir(framesDir, { recursive: true })
      await writeFile(path.join(framesDir, '0000.png'), 'frame')
    }
    videos.push({
      video: await writeRecorded(output, `video ${index} of ${job.image}`),
      poster: await writeRecorded(posterOf(output), 'poster'),
      framesDir,
      frameCount: job.parameters.numFrames,
    })
  }
  return videos
}

/** Keeps the renderer's contract: checked jobs, one at a time, the signal's reason after an abort. */
export const fakeRenderer = (
  { failures = {}, progress = [], onRender }: FakeRendererOptions,
  jobs: RenderJob[],
  renderers: { opened: number; open: number },
): Renderer<RenderJob, RenderResult> => {
  renderers.opened++
  renderers.open++
  const close = async (): Promise<void> => {
    renderers.open--
  }
  return {
    async render(job, { signal, onProgress }) {
      signal.throwIfAborted()
      jobs.push(renderJobSchema.parse(job))
      await onRender?.(job)
      for (const one of progress) onProgress?.(one)
      signal.throwIfAborted()
      const failure = failures[path.basename(job.image)]
      if (failure !== undefined) throw failure
      return renderResultSchema.parse({
        videos: await writeOutputs(job),
        seconds: { load: 1, encodeImage: 0.25, denoise: 8, decode: 2, encodeVideo: 0.5, total: 11.75 },
        peakMemoryBytes: 412_000_000,
        memory: 'offload',
        steps: job.parameters.numInferenceSteps,
      })
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
