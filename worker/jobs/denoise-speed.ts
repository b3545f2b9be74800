import { DoesNotFitError } from '../../shared/contracts/does-not-fit.ts'
import { type RenderParameters, stepsOf, usesGuidance } from '../../shared/contracts/render-parameters.ts'
import { MAX_LEASE_SECONDS } from '../../shared/ports/message-queue.ts'

/*
 * Whether a job can end within the twelve hours for which SQS lets a worker hold its message. One that cannot would be
 * rendered for twelve hours by each of its attempts, and never end. It is refused only by the least time that it can take:
 *
 *   steps x videos x passes x pixels of all frames x the least seconds of a pixel in a pass that this worker has seen
 *
 * Loading, decoding and encoding come on top. The seconds of a pixel are not taken from clips that are too small to keep a
 * device busy, nor are they scaled down to them.
 */

/** The pixels of all frames together from which a step keeps a card busy; SVD-XT has 15 million. */
const BUSY_PIXELS = 2 ** 21

/** Steps from which their pace counts: a clip's first ones include warm-ups. */
const LEAST_STEPS = 4
/** The part of a clip after which its own pace decides about it. */
const TELLING_SHARE = 0.1

const MAX_HOURS = MAX_LEASE_SECONDS / 3600

/** Source of the time of a denoising step: measured by this worker, or counted by the planner. */
export type SpeedSource = 'measured' | 'counted'

export interface StepSpeed {
  /** Seconds of a pixel of one frame in one pass of the UNet. */
  readonly secondsPerPixel: number
  readonly source: SpeedSource
}

/** The parameters that a step's time depends on. */
type StepSize = Pick<RenderParameters, 'width' | 'height' | 'numFrames' | 'maxGuidanceScale'>

/** Pixels of all frames of one video, in all passes of a step. */
const pixelsOfStep = (parameters: StepSize): number =>
  parameters.width * parameters.height * parameters.numFrames * (usesGuidance(parameters) ? 2 : 1)

const isBusy = ({ width, height, numFrames }: StepSize): boolean => width * height * numFrames >= BUSY_PIXELS

/** The speed of steps of such a clip; `null`: the clip is too small to tell that of a larger one. */
export const stepSpeedOf = (
  parameters: StepSize,
  secondsPerStep: number,
  source: SpeedSource,
): StepSpeed | null =>
  isBusy(parameters) ? { secondsPerPixel: secondsPerStep / pixelsOfStep(parameters), source } : null

const hoursText = (seconds: number): string => (seconds / 3600).toFixed(1)

const tooLong = (
  parameters: RenderParameters,
  secondsPerStep: number,
  source: SpeedSource,
): DoesNotFitError | null => {
  const { width, height, numFrames, numVideosPerPrompt } = parameters
  const steps = stepsOf(parameters)
  const seconds = secondsPerStep * steps * numVideosPerPrompt
  if (seconds <= MAX_LEASE_SECONDS) return null
  const stepsInTime = Math.floor(MAX_LEASE_SECONDS / secondsPerStep)
  const inTime = stepsInTime === 0 ? 'none' : `at most ${stepsInTime}`
  return new DoesNotFitError(
    `time: denoising takes at least ${hoursText(seconds)} h on this worker (${steps} steps x ` +
      `num_videos_per_prompt ${numVideosPerPrompt}, each ${Number(secondsPerStep.toPrecision(3))} s, ${source}, for width ` +
      `${width} x height ${height} x num_frames ${numFrames}); a job may take ${MAX_HOURS} h, in which ${inTime} ` +
      'of these steps end; lower one of these arguments, or take a faster machine',
  )
}

/** The speed of denoising on one worker. */
export interface DenoiseSpeed {
  /**
   * Notes how far the denoising of a clip is, with the pace of its steps (`null`: not known yet). Returns why the clip
   * itself cannot end in time, or `null`: a tenth of it has to be done before that is known.
   */
  note(
    parameters: RenderParameters,
    done: { readonly step: number; readonly steps: number },
    secondsPerStep: number | null,
  ): DoesNotFitError | null
  /** Throws DoesNotFitError if a job of these parameters cannot end in time. What is not known yet is no fault. */
  assertEnds(parameters: RenderParameters): void
}

/** `counted`: the planner's figure, which holds until a clip was measured; `null`: there is none. */
export const openDenoiseSpeed = (counted: StepSpeed | null = null): DenoiseSpeed => {
  let fastest: StepSpeed | null = null
  return {
    note(parameters, { step, steps }, secondsPerStep) {
      if (secondsPerStep === null || step < LEAST_STEPS) return null
      const speed = stepSpeedOf(parameters, secondsPerStep, 'measured')
      if (speed !== null && (fastest === null || speed.secondsPerPixel < fastest.secondsPerPixel))
        fastest = speed
      return step < steps * TELLING_SHARE ? null : tooLong(parameters, secondsPerStep, 'measured')
    },
    assertEnds(parameters) {
      const speed = fastest ?? counted
      if (speed === null || !isBusy(parameters)) return
      const fault = tooLong(parameters, speed.secondsPerPixel * pixelsOfStep(parameters), speed.source)
      if (fault !== null) throw fault
    },
  }
}
