import { decodeChunkOf, usesGuidance } from '../../shared/contracts/render-parameters.ts'
import { type Checkpoint, openCheckpoint } from '../checkpoint/open-checkpoint.ts'
import { type Device, openCpuDevice } from '../engine/device.ts'
import { cpuDeviceMemory } from '../engine/memory/device-memory.ts'
import { doesNotFit } from '../engine/memory/does-not-fit.ts'
import { type FittingPlan, planClipMemory } from '../engine/memory/plan-clip-memory.ts'
import type { MemoryPlan } from '../engine/memory-mode.ts'
import { createSessionPool, type SessionPool } from '../engine/session-pool.ts'
import { clipNetworksOf } from '../pipeline/clip-graphs.ts'
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

type ReadyPlan = Pick<FittingPlan, 'memory' | 'decodeChunk'>

/** Throws DoesNotFitError, before anything is loaded. */
const planFor = (checkpoint: Checkpoint, job: RenderJob, device: Device): ReadyPlan => {
  const { width, height, numFrames, decodeChunkSize, decodeOverlap, ...parameters } = job.parameters
  const guidance = usesGuidance(parameters)
  const kind = { guidance, steps: parameters.numInferenceSteps, targets: device.targets }
  const plan = planClipMemory({
    ...{ width, height, numFrames, memory: job.memory, keepWarm: job.keepWarm },
    decodeChunk: decodeChunkSize,
    leastChunk: decodeOverlap + 1,
    device: cpuDeviceMemory(device.freeMemoryBytes()),
    clip: clipNetworksOf(checkpoint, kind),
  })
  if (!plan.fits) throw doesNotFit(plan)
  return plan
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
  let ready: { readonly key: string; readonly checkpoint: Checkpoint; readonly plan: ReadyPlan } | null = null

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
      const images = { source: await readRgbFile(job.source), fitted: await readRgbFile(job.fitted) }
      opened ??= openCpuDevice()
      const device = await opened
      const key = shapeKey(job)
      const known = ready?.key === key ? ready : null
      ready = null
      const checkpoint =
        known?.checkpoint ??
        (await openCheckpoint(job.checkpointDir, job.variant === null ? {} : { variant: job.variant }))
      const plan = known?.plan ?? planFor(checkpoint, job, device)
      const { memory, decodeChunk } = plan
      const pool = await poolFor(memory, job)
      const openSeconds = secondsSince(started)

      const planned = { ...parameters, decodeChunkSize: decodeChunk }
      const clip = await renderClip(images, planned, {
        checkpoint,
        pool,
        targets: device.targets,
        lowMemory: memory === 'low-vram',
        precision: 'fp32',
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
      if (memory === 'resident') ready = { key, checkpoint, plan }
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
        decodeChunk,
        steps: clip.steps,
      }
    },
    async [Symbol.asyncDispose]() {
      await open?.pool[Symbol.asyncDispose]()
      open = null
    },
  }
}
