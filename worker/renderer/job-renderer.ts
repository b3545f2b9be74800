import {
  decodeChunkOf,
  type RenderParameters,
  usesGuidance,
} from '../../shared/contracts/render-parameters.ts'
import { type Checkpoint, openCheckpoint } from '../checkpoint/open-checkpoint.ts'
import { compileClip } from '../compiler/compile.ts'
import { type Device, openDevice } from '../engine/device.ts'
import { chooseMemoryPlan, type MemoryPlan } from '../engine/memory-mode.ts'
import type { SessionProvider } from '../engine/session-options.ts'
import { createSessionPool, type SessionPool } from '../engine/session-pool.ts'
import type { Progress } from '../pipeline/progress.ts'
import { renderClip } from '../pipeline/render-clip.ts'
import { writeRawVideos } from './raw-videos.ts'
import type { RenderJob, RenderResult } from './render-job.ts'
import { readRgbFile } from './rgb-file.ts'

export interface JobContext {
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
}

export interface JobRenderer extends AsyncDisposable {
  render(job: RenderJob, context: JobContext): Promise<RenderResult>
}

const planFor = async (checkpoint: Checkpoint, job: RenderJob, device: Device): Promise<MemoryPlan> => {
  if (job.memory !== 'auto') return job.memory
  const parameters: RenderParameters = job.parameters
  const targets = device.targets(checkpoint.vae.config)
  const guidance = usesGuidance(parameters)
  const graphs = compileClip(checkpoint, { ...parameters, guidance, targets, feedForwardChunks: 1 })
  const all = [
    graphs.imageEncoder(),
    graphs.vaeEncoder(),
    graphs.conditioning(guidance ? 2 : 1),
    graphs.timeShifts(parameters.numInferenceSteps),
    graphs.denoiseStep(),
    graphs.vaeDecoder(Math.min(parameters.numFrames, decodeChunkOf(parameters))),
  ]
  return chooseMemoryPlan(all, { availableBytes: await device.freeMemoryBytes(), keepWarm: job.keepWarm })
}

/** What of a job decides which networks run, of which size and how. */
const shapeKey = ({ checkpointDir, variant, memory, keepWarm, parameters }: RenderJob): string => {
  const { width, height, numFrames } = parameters
  const chunk = decodeChunkOf(parameters)
  return JSON.stringify([
    ...[checkpointDir, variant, memory, keepWarm],
    ...[width, height, numFrames, chunk, usesGuidance(parameters)],
  ])
}

/** Renders jobs one after the other and keeps, as far as memory allows, the networks of the last one ready. */
export const createJobRenderer = (): JobRenderer => {
  let open: { readonly key: string; readonly pool: SessionPool } | null = null

  let opened: Promise<Device> | null = null
  /** Of the job before, if its networks are still there: one like it needs neither to be read nor planned again. */
  let ready: { readonly key: string; readonly checkpoint: Checkpoint } | null = null

  const poolFor = async (
    plan: MemoryPlan,
    provider: SessionProvider,
    { threads, cacheDir }: Pick<RenderJob, 'threads' | 'cacheDir'>,
  ): Promise<SessionPool> => {
    const key = `${plan}|${threads}|${cacheDir}`
    if (open?.key === key) return open.pool
    await open?.pool[Symbol.asyncDispose]()
    open = {
      key,
      pool: createSessionPool({ keep: plan === 'resident' ? 'all' : 'one', provider, threads, cacheDir }),
    }
    return open.pool
  }

  return {
    async render(job, { signal, onProgress }) {
      const started = performance.now()
      const secondsSince = (start: number): number => (performance.now() - start) / 1000
      const { parameters } = job
      const images = { source: await readRgbFile(job.source), fitted: await readRgbFile(job.fitted) }
      // Its environment is of one device, so that all jobs of a process have the same.
      opened ??= openDevice(job.device)
      const device = await opened
      const key = shapeKey(job)
      const known = ready?.key === key ? ready.checkpoint : null
      ready = null
      const checkpoint =
        known ??
        (await openCheckpoint(job.checkpointDir, job.variant === null ? {} : { variant: job.variant }))
      const memory = known === null ? await planFor(checkpoint, job, device) : 'resident'
      const pool = await poolFor(memory, device.provider, job)
      const openSeconds = secondsSince(started)

      const clip = await renderClip(images, parameters, {
        checkpoint,
        pool,
        targets: device.targets(checkpoint.vae.config),
        lowMemory: memory === 'low-vram',
        precision: job.device.provider === 'cuda' ? job.device.precision : 'fp32',
        onProgress,
        signal,
      })
      const videos = await writeRawVideos({
        decoded: clip.frames(),
        framesPerVideo: parameters.numFrames,
        width: parameters.width,
        height: parameters.height,
        outputs: job.outputs,
      })
      // Weights are of no more use here; whoever encodes the frames can have the memory.
      if (memory === 'resident') ready = { key, checkpoint }
      else await pool.retain(() => false)

      const { load, ...phases } = clip.seconds
      return {
        videos,
        seconds: {
          ...phases,
          load: load + openSeconds,
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
