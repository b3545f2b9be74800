import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import {
  decodeChunkOf,
  type RenderParameters,
  usesGuidance,
} from '../../shared/contracts/render-parameters.ts'
import { decodeImage } from '../../shared/image/decode-image.ts'
import { type Checkpoint, openCheckpoint } from '../checkpoint/open-checkpoint.ts'
import { compileClip } from '../compiler/compile.ts'
import type { Target } from '../compiler/targets/target.ts'
import { chooseMemoryPlan, type MemoryPlan } from '../engine/memory-mode.ts'
import { detectCpuTarget } from '../engine/nchwc-block.ts'
import { createSessionPool, type SessionPool } from '../engine/session-pool.ts'
import { toRgbFrames } from '../pipeline/image/frames.ts'
import type { Progress } from '../pipeline/progress.ts'
import { type RenderedClip, renderClip } from '../pipeline/render-clip.ts'
import { encodeMp4 } from '../video/encode-mp4.ts'
import { writeFrames } from '../video/write-frames.ts'
import { writePoster } from '../video/write-poster.ts'
import { posterOf, type RenderJob, type RenderResult } from './render-job.ts'

export interface JobContext {
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
}

export interface JobRenderer extends AsyncDisposable {
  render(job: RenderJob, context: JobContext): Promise<RenderResult>
}

const planFor = (checkpoint: Checkpoint, job: RenderJob, target: Target): MemoryPlan => {
  if (job.memory !== 'auto') return job.memory
  const parameters: RenderParameters = job.parameters
  const guidance = usesGuidance(parameters)
  const graphs = compileClip(checkpoint, { ...parameters, guidance, target, feedForwardChunks: 1 })
  const all = [
    graphs.imageEncoder(),
    graphs.vaeEncoder(),
    graphs.conditioning(guidance ? 2 : 1),
    graphs.denoiseStep(),
    graphs.vaeDecoder(Math.min(parameters.numFrames, decodeChunkOf(parameters))),
  ]
  return chooseMemoryPlan(all, { availableBytes: process.availableMemory(), keepWarm: job.keepWarm })
}

const fileRecord = async (path: string): Promise<{ path: string; sizeBytes: number; sha256: string }> => {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return { path, sizeBytes: (await stat(path)).size, sha256: hash.digest('hex') }
}

/** All frames of all videos as RGB24, in order. */
const takeFrames = async (clip: RenderedClip): Promise<Uint8Array[]> => {
  const frames: Uint8Array[] = []
  for await (const frame of clip.frames())
    frames.push(...toRgbFrames({ ...frame, shape: [1, ...frame.shape] }))
  return frames
}

/** Renders jobs one after the other and keeps, as far as memory allows, the networks of the last one ready. */
export const createJobRenderer = (): JobRenderer => {
  let open: { readonly key: string; readonly pool: SessionPool } | null = null

  let detected: Promise<Target> | null = null

  const poolFor = async (
    plan: MemoryPlan,
    { threads, cacheDir }: Pick<RenderJob, 'threads' | 'cacheDir'>,
  ): Promise<SessionPool> => {
    const key = `${plan}|${threads}|${cacheDir}`
    if (open?.key === key) return open.pool
    await open?.pool[Symbol.asyncDispose]()
    open = { key, pool: createSessionPool({ keep: plan === 'resident' ? 'all' : 'one', threads, cacheDir }) }
    return open.pool
  }

  return {
    async render(job, { signal, onProgress }) {
      const started = performance.now()
      const secondsSince = (start: number): number => (performance.now() - start) / 1000
      const { parameters } = job
      const image = await decodeImage(await readFile(job.image), job.imageField)
      const checkpoint = await openCheckpoint(
        job.checkpointDir,
        job.variant === null ? {} : { variant: job.variant },
      )
      detected ??= detectCpuTarget()
      const target = await detected
      const memory = planFor(checkpoint, job, target)
      const pool = await poolFor(memory, job)
      const opened = secondsSince(started)

      const clip = await renderClip(image, parameters, {
        checkpoint,
        pool,
        target,
        lowMemory: memory === 'low-vram',
        onProgress,
        signal,
      })
      const frames = await takeFrames(clip)
      // Weights are of no more use here; the encoder's process can have the memory.
      if (memory !== 'resident') await pool.retain(() => false)

      const encoding = performance.now()
      const { width, height, fps, numFrames } = parameters
      const videos: RenderResult['videos'] = []
      for (const [index, output] of job.outputs.entries()) {
        onProgress({ phase: 'encode-video', step: index, steps: job.outputs.length })
        const own = frames.slice(index * numFrames, (index + 1) * numFrames)
        const [first] = own
        if (first === undefined) throw new RangeError(`no frames for ${output}`)
        const framesDir = job.framesDirs?.[index] ?? null
        if (framesDir !== null)
          await writeFrames({ frames: own, width, height, directory: framesDir, signal })
        await writePoster({ frame: first, width, height, output: posterOf(output) })
        await encodeMp4({ frames: own, width, height, fps, output, ffmpegPath: job.ffmpegPath, signal })
        videos.push({
          video: await fileRecord(output),
          poster: await fileRecord(posterOf(output)),
          framesDir,
          frameCount: own.length,
        })
      }
      onProgress({ phase: 'encode-video', step: job.outputs.length, steps: job.outputs.length })
      const { load, ...phases } = clip.seconds
      return {
        videos,
        seconds: {
          ...phases,
          load: load + opened,
          encodeVideo: secondsSince(encoding),
          total: secondsSince(started),
        },
        peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
        memory,
        steps: clip.steps,
      }
    },
    async [Symbol.asyncDispose]() {
      await open?.pool[Symbol.asyncDispose]()
      open = null
    },
  }
}
