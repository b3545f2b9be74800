import { MAX_JOBS } from './manifest.ts'
import type { RenderArgumentName } from './render-arguments.ts'
import { decodeChunkOf, type RenderDefaults, type RenderParameters, stepsOf } from './render-parameters.ts'

/*
 * The work that an upload may order. Any user who may put an object into the input bucket orders time of GPUs, so
 * ingest bounds it before it queues anything:
 *
 *   job work  = width x height x num_videos_per_prompt x (num_frames x steps + frames decoded again x DECODE_STEPS)
 *   SVD-XT    = 1024 x 576 x 1 x 25 x 25 = 368,640,000
 *
 * Frames are decoded again only with a decode_overlap.
 */

/** The bounds of a deployment. */
export interface WorkLimits {
  /** The most work of one job; its unit is a pixel of a frame in a step. */
  readonly maxJobWork: number
  /** The most clips of one manifest, or of one sidecar. 1 to `MAX_JOBS`. */
  readonly maxManifestClips: number
}

/**
 * The work is that of 108 usual clips of SVD-XT: their 64 videos fit, and so does one clip of 1,000 steps. On a g6e.xlarge
 * it takes an hour (counted), and a message can be held for twelve.
 */
export const DEFAULT_WORK_LIMITS: WorkLimits = { maxJobWork: 40_000_000_000, maxManifestClips: MAX_JOBS }

/** Above what any parameters can ask for that end within a year. */
export const MAX_JOB_WORK = 1_000_000_000_000_000

/** Decoding takes a quarter to a third of the time of denoising at 25 steps. */
const DECODE_STEPS = 8

/** Count of frames that the chunks of one video hold beyond its own, because neighbouring chunks share frames. */
export const framesDecodedAgain = (parameters: RenderParameters): number => {
  const { numFrames, decodeOverlap } = parameters
  const chunk = decodeChunkOf(parameters)
  if (decodeOverlap === 0 || numFrames <= chunk) return 0
  return Math.ceil((numFrames - decodeOverlap) / (chunk - decodeOverlap)) * chunk - numFrames
}

/** The work of one job, in pixels of a frame in a step. */
export const jobWorkOf = (parameters: RenderParameters): number => {
  const { width, height, numFrames, numVideosPerPrompt } = parameters
  const frameSteps = numFrames * stepsOf(parameters) + framesDecodedAgain(parameters) * DECODE_STEPS
  return width * height * numVideosPerPrompt * frameSteps
}

/** The argument that is furthest above the checkpoint's own. */
const largestArgument = (parameters: RenderParameters, defaults: RenderDefaults): RenderArgumentName => {
  const times = (name: 'width' | 'height' | 'numFrames' | 'numVideosPerPrompt'): number =>
    parameters[name] / defaults[name]
  const steps = parameters.sigmas === null ? 'num_inference_steps' : 'sigmas'
  const ratios: readonly (readonly [RenderArgumentName, number])[] = [
    ['num_videos_per_prompt', times('numVideosPerPrompt')],
    ['num_frames', times('numFrames')],
    ['width', times('width')],
    ['height', times('height')],
    [steps, stepsOf(parameters) / stepsOf(defaults)],
    ['decode_overlap', 1 + framesDecodedAgain(parameters) / parameters.numFrames],
  ]
  return ratios.reduce((largest, ratio) => (ratio[1] > largest[1] ? ratio : largest))[0]
}

export interface JobWorkFault {
  /** The argument to blame. */
  readonly name: RenderArgumentName
  readonly message: string
}

/** Why a job of these parameters is more work than is accepted; `null`: it is not. */
export const jobWorkFault = (
  parameters: RenderParameters,
  defaults: RenderDefaults,
  { maxJobWork }: Pick<WorkLimits, 'maxJobWork'>,
): JobWorkFault | null => {
  const work = jobWorkOf(parameters)
  if (work <= maxJobWork) return null
  const { width, height, numFrames, numVideosPerPrompt } = parameters
  const again = framesDecodedAgain(parameters)
  const decoded = again === 0 ? '' : `, and ${again} frames decoded again for decode_overlap`
  const message =
    `the clip makes a work of ${work}: width ${width} x height ${height} x num_frames ${numFrames} ` +
    `x ${stepsOf(parameters)} steps x num_videos_per_prompt ${numVideosPerPrompt}${decoded}; ` +
    `a job may have at most ${maxJobWork}, so lower one of them, or raise svd:maxJobWork of the deployment`
  return { name: largestArgument(parameters, defaults), message }
}

/** The rule on the count of clips, and the fix, with which a fault ends. */
export const clipCountRule = ({ maxManifestClips }: Pick<WorkLimits, 'maxManifestClips'>): string => {
  const raise = maxManifestClips < MAX_JOBS ? ', or raise svd:maxManifestClips of the deployment' : ''
  return `at most ${maxManifestClips} are accepted (svd:maxManifestClips), so split it${raise}`
}
