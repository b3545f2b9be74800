import cliProgress, { type GenericFormatter } from 'cli-progress'
import { secondsLeft } from '../../../shared/pace.ts'
import { followPace, type Pace } from '../../pipeline/pace.ts'
import type { Phase, Progress } from '../../pipeline/progress.ts'
import type { StatusOutput } from '../command-context.ts'

/** The progress of one video after the other. */
export interface ProgressDisplay {
  /** `title` stands in front of the phase. It is called for every drawing. */
  begin(title: () => string): void
  update(progress: Progress): void
  /** Takes the display away while `write` writes other text. */
  aside(write: () => void): void
  /** Takes the display away. */
  end(): void
}

const LABELS: Readonly<Record<Phase, string>> = {
  load: 'loading the model',
  'encode-image': 'reading the image',
  denoise: 'denoising',
  decode: 'decoding',
  'encode-video': 'writing the video',
}

/** `denoising 12/25`. */
export const phaseText = ({ phase, step, steps }: Pick<Progress, 'phase' | 'step' | 'steps'>): string =>
  `${LABELS[phase]} ${step}/${steps}`

const SILENT: ProgressDisplay = { begin() {}, update() {}, aside: (write) => write(), end() {} }

export const formatDuration = (seconds: number): string => {
  const whole = Math.ceil(seconds)
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  const two = (value: number): string => String(value).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

interface PhasePace {
  /** `null`: no step tells yet. */
  readonly msPerStep: number | null
  /** Since the latest step. */
  readonly sinceMs: number
}

/** Time left of the phase. The duration of later phases is not known before they run. Empty while there is no pace yet. */
export const timeLeft = (
  { step, steps }: Pick<Progress, 'step' | 'steps'>,
  { msPerStep, sinceMs }: PhasePace,
): string => {
  if (msPerStep === null || step >= steps) return ''
  return `${formatDuration(secondsLeft({ left: steps - step, msPerUnit: msPerStep, sinceMs }))} left`
}

/** A bar on `stream` with phase, step and time left; nothing at all if it is no terminal, or `quiet`. */
export const openProgress = (
  stream: StatusOutput,
  { quiet, now = () => performance.now() }: { readonly quiet: boolean; readonly now?: () => number },
): ProgressDisplay => {
  if (quiet || stream.isTTY !== true) return SILENT
  let title = (): string => ''
  let current:
    | {
        readonly bar: cliProgress.SingleBar
        progress: Progress
        readonly pace: Pace
        stepMs: number
      }
    | undefined

  const end = (): void => {
    current?.bar.stop()
    current = undefined
  }

  // Called for every drawing, ten times a second: the time left runs on between two steps.
  const line: GenericFormatter = (options, { progress: share }) => {
    if (current === undefined) return ''
    const { progress, pace, stepMs } = current
    const left = timeLeft(progress, { msPerStep: pace.msPerStep(), sinceMs: now() - stepMs })
    const bar = cliProgress.Format.BarFormat(share, options)
    return `${title()}  ${LABELS[progress.phase]} [${bar}] ${progress.step}/${progress.steps} ${left}`
  }

  const start = (progress: Progress): void => {
    end()
    const bar = new cliProgress.SingleBar({
      stream,
      format: line,
      barsize: 24,
      hideCursor: true,
      clearOnComplete: true,
    })
    const pace = followPace()
    pace.update(progress, now())
    current = { bar, progress, pace, stepMs: now() }
    bar.start(progress.steps, progress.step)
  }

  return {
    begin(newTitle) {
      end()
      title = newTitle
    },
    update(progress) {
      if (current?.progress.phase !== progress.phase) return start(progress)
      current.pace.update(progress, now())
      if (progress.firstRun === true) return
      current.progress = progress
      current.stepMs = now()
      current.bar.setTotal(progress.steps)
      current.bar.update(progress.step)
    },
    aside(write) {
      current?.bar.stop()
      write()
      current?.bar.start(current.progress.steps, current.progress.step)
    },
    end,
  }
}
