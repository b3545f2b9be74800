import { decodeChunkOf, usesGuidance } from '../../shared/contracts/render-parameters.ts'
import { type Checkpoint, openCheckpoint } from '../checkpoint/open-checkpoint.ts'
import { type CompileClip, clipCompiler } from '../compiler/compile.ts'
import { type Device, openDevice } from '../engine/device.ts'
import { doesNotFit } from '../engine/memory/does-not-fit.ts'
import type { GraphMemory } from '../engine/memory/graph-memory.ts'
import { type ExactDecoding, type FittingPlan, planClipMemory } from '../engine/memory/plan-clip-memory.ts'
import { reserveOf } from '../engine/memory/reserve-of.ts'
import type { MemoryPlan } from '../engine/memory-mode.ts'
import { openSession } from '../engine/session.ts'
import type { SessionProvider } from '../engine/session-options.ts'
import { createSessionPool, type OpenSession, type SessionPool } from '../engine/session-pool.ts'
import { clipNetworksOf } from '../pipeline/clip-graphs.ts'
import type { ClipImages } from '../pipeline/condition-clip.ts'
import { imageMemoryBytes } from '../pipeline/image/image-memory.ts'
import type { Progress } from '../pipeline/progress.ts'
import { renderClip } from '../pipeline/render-clip.ts'
import { writeRawVideos } from './raw-videos.ts'
import { readClipImages } from './read-clip-images.ts'
import type { RenderJob, RenderResult } from './render-job.ts'
import { smallerPlanAfter } from './smaller-plan.ts'

export interface JobContext {
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
}

export interface JobRenderer extends AsyncDisposable {
  render(job: RenderJob, context: JobContext): Promise<RenderResult>
}

/** A checkpoint whose graphs are recorded once, to plan a clip and to render it. */
interface CompiledCheckpoint {
  readonly checkpoint: Checkpoint
  readonly compile: CompileClip
}

const openCompiled = async ({
  checkpointDir,
  variant,
}: Pick<RenderJob, 'checkpointDir' | 'variant'>): Promise<CompiledCheckpoint> => {
  const checkpoint = await openCheckpoint(checkpointDir, variant === null ? {} : { variant })
  return { checkpoint, compile: clipCompiler(checkpoint) }
}

/** Throws DoesNotFitError, before anything is loaded. */
const planFor = async (
  { checkpoint, compile }: CompiledCheckpoint,
  { parameters, keepWarm, source, fitted, cacheDir }: RenderJob,
  device: Device,
  { memory, decodeChunkSize }: Pick<RenderJob, 'memory'> & Pick<RenderJob['parameters'], 'decodeChunkSize'>,
): Promise<FittingPlan> => {
  const { width, height, numFrames, numVideosPerPrompt, decodeOverlap, numInferenceSteps } = parameters
  const kind = {
    guidance: usesGuidance(parameters),
    steps: numInferenceSteps,
    targets: device.targets(checkpoint.vae.config),
    exactTargets: device.exactTargets(checkpoint.vae.config),
    compile,
  }
  const plan = planClipMemory({
    ...{ width, height, numFrames, memory, keepWarm },
    decodeChunk: decodeChunkSize,
    videos: numVideosPerPrompt,
    leastChunk: decodeOverlap + 1,
    device: await device.memory({
      imageBytes: imageMemoryBytes(source, fitted),
      keepsWeights: cacheDir !== null,
    }),
    clip: clipNetworksOf(checkpoint, kind),
  })
  if (!plan.fits) throw doesNotFit(plan)
  return plan
}

/** Frames decoded at once in float32, where that is less than a chunk. */
const shorterExactChunk = ({ exact, decodeChunk }: FittingPlan): number | null => {
  const exactChunk = exact?.().decodeChunk ?? null
  return exactChunk === decodeChunk ? null : exactChunk
}

/** Key of the properties of a job that decide which networks run, of which size and how. */
const shapeKey = ({ checkpointDir, variant, memory, keepWarm, parameters }: RenderJob): string => {
  const { width, height, numFrames } = parameters
  const chunk = decodeChunkOf(parameters)
  return JSON.stringify([
    ...[checkpointDir, variant, memory, keepWarm],
    ...[width, height, numFrames, chunk, usesGuidance(parameters)],
  ])
}

/** The job before, while its networks are open. A job like it needs neither to be read nor planned again. */
interface ReadyJob {
  readonly key: string
  readonly model: CompiledCheckpoint
  readonly plan: FittingPlan
  readonly cut: Pick<RenderJob['parameters'], 'decodeOverlap' | 'numVideosPerPrompt'>
}

/** Whether a plan of the same shape holds: where frames are decoded in chunks, overlap and videos decide how they are cut. */
const cutsAlike = (
  { plan, cut }: Pick<ReadyJob, 'plan' | 'cut'>,
  { decodeOverlap, numVideosPerPrompt, numFrames }: RenderJob['parameters'],
): boolean =>
  plan.decodeChunk === numFrames ||
  (cut.decodeOverlap === decodeOverlap && cut.numVideosPerPrompt === numVideosPerPrompt)

/**
 * Renders jobs one after the other and keeps, as far as memory allows, the networks of the last one ready. A job that
 * finds the card's memory full is rendered again with a smaller plan, which later jobs like it then begin with.
 */
export const createJobRenderer = (open: OpenSession = openSession): JobRenderer => {
  let opened: { readonly key: string; readonly pool: SessionPool } | null = null

  let device: Promise<Device> | null = null
  let ready: ReadyJob | null = null
  /** Plans of jobs, by their shape, for which a larger one had not enough memory. */
  const reduced = new Map<string, MemoryPlan>()
  /** Graphs in the plan of the current job. */
  let plannedGraphs: readonly GraphMemory[] = []

  const closePool = async (): Promise<void> => {
    const closing = opened?.pool
    opened = null
    await closing?.[Symbol.asyncDispose]()
  }

  const poolFor = async (
    plan: MemoryPlan,
    provider: SessionProvider,
    { threads, cacheDir }: Pick<RenderJob, 'threads' | 'cacheDir'>,
  ): Promise<SessionPool> => {
    const key = `${plan}|${threads}|${cacheDir}`
    if (opened?.key === key) return opened.pool
    await closePool()
    const pool = createSessionPool(
      {
        ...{ keep: plan === 'resident' ? 'all' : 'one', provider, threads, cacheDir },
        reserveOf: (graph) => reserveOf(plannedGraphs, graph),
      },
      open,
    )
    opened = { key, pool }
    return pool
  }

  interface OpenJob {
    readonly job: RenderJob
    readonly context: JobContext
    readonly images: ClipImages
    readonly model: CompiledCheckpoint
    readonly device: Device
  }

  const renderWithPlan = async (plan: FittingPlan, { job, context, images, model, device }: OpenJob) => {
    const { memory } = plan
    const { checkpoint } = model
    const parameters = { ...job.parameters, decodeChunkSize: plan.decodeChunk }
    plannedGraphs = plan.graphs
    const exactChunkSize = (exact: () => ExactDecoding): number | null => {
      const { decodeChunk, graphs } = exact()
      plannedGraphs = [...plan.graphs, ...graphs]
      return decodeChunk
    }
    const { exact } = plan
    const pool = await poolFor(memory, device.provider, job)
    const clip = await renderClip(images, parameters, {
      ...model,
      pool,
      targets: device.targets(checkpoint.vae.config),
      exactTargets: device.exactTargets(checkpoint.vae.config),
      ...(exact !== null && { exactChunkSize: () => exactChunkSize(exact) }),
      lowMemory: memory === 'low-vram',
      precision: job.device.provider === 'cuda' ? job.device.precision : 'fp32',
      ...context,
    })
    const videos = await writeRawVideos({
      decoded: clip.frames(),
      framesPerVideo: parameters.numFrames,
      width: parameters.width,
      height: parameters.height,
      outputs: job.outputs,
    })
    return { videos, clip, pool, plan }
  }

  /** Goes through ever smaller plans; throws the card's fault where none of them fits. */
  const renderWithin = async (first: FittingPlan, key: string, open: OpenJob) => {
    let plan = first
    for (;;) {
      try {
        return await renderWithPlan(plan, open)
      } catch (error) {
        const smaller = smallerPlanAfter(error, plan.memory)
        if (smaller === null) throw error
        // Sessions and what their arenas have taken go back to the card first.
        await closePool()
        reduced.set(key, smaller)
        const { decodeChunk: decodeChunkSize } = plan
        plan = await planFor(open.model, open.job, open.device, {
          memory: smaller,
          decodeChunkSize,
        }).catch(() => {
          throw error
        })
      }
    }
  }

  return {
    async render(job, context) {
      const started = performance.now()
      const secondsSince = (start: number): number => (performance.now() - start) / 1000
      // Its environment is of one device, so that all jobs of a process have the same.
      device ??= openDevice(job.device)
      const key = shapeKey(job)
      const known = ready?.key === key && cutsAlike(ready, job.parameters) ? ready : null
      ready = null
      // What networks of the job before hold counts as free for this one.
      if (known === null) await closePool()
      const model = known?.model ?? (await openCompiled(job))
      const { decodeChunkSize } = job.parameters
      const memoryMode = reduced.get(key) ?? job.memory
      const first =
        known?.plan ?? (await planFor(model, job, await device, { memory: memoryMode, decodeChunkSize }))
      const images = await readClipImages(job, context.signal)
      const openSeconds = secondsSince(started)
      const { videos, clip, pool, plan } = await renderWithin(first, key, {
        ...{ job, context, images, model },
        device: await device,
      })
      const { memory, decodeChunk } = plan
      // Weights are of no more use here, and the encoder of the frames can have the memory.
      if (memory === 'resident') ready = { key, model, plan, cut: job.parameters }
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
        decodeFallbacks: clip.decodeFallbacks(),
        fallbackChunk: clip.decodeFallbacks() > 0 ? shorterExactChunk(plan) : null,
      }
    },
    [Symbol.asyncDispose]: closePool,
  }
}
