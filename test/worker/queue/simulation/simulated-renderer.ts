import { InvalidInputError } from '../../../../shared/contracts/invalid-input.ts'
import type { JobMessage } from '../../../../shared/contracts/job-message.ts'
import type { PrepareJob, RenderedJob, RenderPath, StageContext } from '../../../../worker/jobs/job-stages.ts'
import { PostponedError } from '../../../../worker/jobs/postponed-error.ts'
import type { Progress } from '../../../../worker/pipeline/progress.ts'
import { CardUnusableError } from '../../../../worker/renderer/card-unusable-error.ts'
import { RendererCrashedError } from '../../../../worker/renderer/renderer-crashed.ts'
import { QUALITY } from '../../jobs/quality/a-quality.ts'
import { encodeClipFile } from './clip-file.ts'
import type { Incarnation } from './incarnation.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimulatedDisk } from './simulated-disk.ts'

/**
 * Outcomes that a job has when nothing else fails. A `poison` job crashes its worker's process, and the clips of a
 * `warned` job have warnings only.
 */
export const JOB_KINDS = ['good', 'warned', 'bad-image', 'bad-seams', 'bad-clip', 'poison'] as const
export type JobKind = (typeof JOB_KINDS)[number]

export interface RendererFaults {
  readonly crash: number
  readonly hang: number
  readonly encoder: number
  /** The GPU is lost for this process. A machine that starts again has another GPU. */
  readonly lostCard: number
}

export interface SimulatedRendererOptions {
  readonly incarnation: Incarnation
  readonly random: SeededRandom
  readonly disk: SimulatedDisk
  readonly kindOf: (job: JobMessage) => JobKind
  readonly faults: () => RendererFaults
  /** Called for each render. */
  readonly onRender: (jobId: string) => void
  /** Called for each failure that counts for the job: one of the renderer or of the encoder. */
  readonly onFailure: (jobId: string) => void
  /** Called for each clip that was checked on its last render path, unless it has warnings only. */
  readonly onClip: (jobId: string, passed: boolean) => void
  /** Kills the worker's process. */
  readonly crash: (why: string) => void
  /** Whether the machine has another model than the job needs. */
  readonly hasOtherModel: () => boolean
  /** Reports a call that a renderer must not get. */
  readonly violate: (what: string) => void
}

const STEPS = 4
/** The time without progress after which child-process-renderer.ts kills a process. */
const STALL_MS = 300_000
const KILL_MS = 2_000

const PHASES: readonly Progress[] = [
  { phase: 'encode-image', step: 0, steps: 1 },
  ...Array.from({ length: STEPS + 1 }, (_, step): Progress => ({ phase: 'denoise', step, steps: STEPS })),
  { phase: 'decode', step: 0, steps: 1 },
  { phase: 'decode', step: 1, steps: 1 },
]

const crashed = (what: string) =>
  new RendererCrashedError(what, { exitCode: null, signal: 'SIGSEGV', lastStderr: '' })

/** The stages of a job, which only take time, write files and fail. No two clips have the same bytes, as on a GPU. */
export const simulateRenderer = (options: SimulatedRendererOptions): PrepareJob => {
  const { incarnation, random, disk, kindOf, faults, onRender, onFailure, onClip, violate } = options
  let rendering = false
  let clips = 0

  const hasFault = (kind: JobKind, path: RenderPath): boolean =>
    kind === 'bad-clip' || (kind === 'bad-seams' && path === 'as-asked')

  const finish = async (
    { job_id, parameters }: JobMessage,
    folder: string,
    kind: JobKind,
    path: RenderPath,
    signal: AbortSignal,
  ) => {
    const videos = parameters.num_videos_per_prompt
    await incarnation.pause(random.between(10, 3_000), signal, random.between(0, KILL_MS))
    if (random.chance(faults().encoder)) {
      onFailure(job_id)
      throw new Error('ffmpeg exited with code 1')
    }
    const isBad = hasFault(kind, path)
    if (kind !== 'warned' && (!isBad || path === 'fallback-decode')) onClip(job_id, !isBad)
    const quality = {
      ...QUALITY,
      faults: isBad ? ['flickers at decode seams'] : [],
      warnings: kind === 'warned' ? ['seldom seen'] : [],
    }
    const clip = `${incarnation.name} clip ${clips++}`
    const write = (kind: 'video' | 'poster', index: number) => {
      const name = kind === 'video' ? `video-${index}.mp4` : `video-${index}.poster.png`
      return disk.write(`${folder}/${name}`, encodeClipFile({ clip, path, isBad, kind, index }))
    }
    return {
      videos: Array.from({ length: videos }, (_, index) => {
        const video = write('video', index)
        return {
          ...{ video, files: [{ format: 'mp4' as const, ...video }] },
          ...{ poster: write('poster', index), frames: 14, quality },
        }
      }),
      seconds: { encodeVideo: 1, check: 1 },
    }
  }

  const runOnDevice = async (
    jobId: string,
    kind: JobKind,
    { signal, onProgress }: StageContext,
  ): Promise<void> => {
    const fail = (what: string): never => {
      onFailure(jobId)
      throw crashed(what)
    }
    const stepMs = random.pick([0, 1_000, 20_000, 60_000])
    for (const progress of PHASES) {
      onProgress(progress)
      await incarnation.pause(random.between(0, stepMs), signal, random.between(0, KILL_MS))
      if (kind === 'poison' && random.chance(0.5)) {
        options.crash('of a poison job')
        await new Promise<never>(() => {})
      }
      if (random.chance(faults().crash)) fail('the renderer was killed by SIGSEGV')
      if (random.chance(faults().lostCard)) throw new CardUnusableError('denoise_step: the card is lost')
      if (!random.chance(faults().hang)) continue
      await incarnation.pause(STALL_MS, signal, KILL_MS)
      fail(`the renderer gave no sign for ${STALL_MS} ms and was killed`)
    }
    if (kind === 'poison') fail('the renderer was killed by SIGBUS')
  }

  return async (job, folder, signal) => {
    const kind = kindOf(job)
    await incarnation.pause(random.between(1, 500), signal)
    if (options.hasOtherModel()) {
      const reason = 'the job is for another model'
      throw new PostponedError(reason, { workersFault: false, waitsForModel: job.model })
    }
    if (kind === 'bad-image') throw new InvalidInputError('image', 'is no image')
    disk.write(`${folder}/image.png`, 'image')
    return {
      async render(path, context): Promise<RenderedJob> {
        if (rendering) violate('two renders at once')
        rendering = true
        onRender(job.job_id)
        try {
          await runOnDevice(job.job_id, kind, context)
        } finally {
          rendering = false
        }
        disk.read(`${folder}/image.png`)
        return {
          decodeChunk: 2,
          decodeFallbacks: 0,
          seconds: { load: 1, encodeImage: 1, denoise: 1, decode: 1 },
          finish: (until) => finish(job, folder, kind, path, until),
        }
      },
    }
  }
}
