import { SingleBar } from 'cli-progress'
import type { Phase, Progress } from '../pipeline/progress.ts'
import type { StatusOutput } from './surroundings.ts'

/** The progress of one video after the other. */
export interface ProgressDisplay {
  /** `title` stands in front of the phase. */
  begin(title: string): void
  update(progress: Progress): void
  /** Takes the display away, so that other text can be written. */
  end(): void
}

const LABELS: Readonly<Record<Phase, string>> = {
  load: 'loading the model',
  'encode-image': 'reading the image',
  denoise: 'denoising',
  decode: 'decoding',
  'encode-video': 'writing the video',
}

const SILENT: ProgressDisplay = { begin() {}, update() {}, end() {} }

export const formatDuration = (seconds: number): string => {
  const whole = Math.ceil(seconds)
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  const two = (value: number): string => String(value).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

/** Of the phase: how long the next ones take is not known before they run. */
const timeLeft = ({ step, steps }: Progress, secondsSoFar: number): string =>
  step === 0 || step >= steps ? '' : `${formatDuration((secondsSoFar / step) * (steps - step))} left`

/** A bar on `stream` with phase, step and time left; nothing at all if it is no terminal, or `quiet`. */
export const openProgress = (
  stream: StatusOutput,
  { quiet, now = () => performance.now() }: { readonly quiet: boolean; readonly now?: () => number },
): ProgressDisplay => {
  if (quiet || stream.isTTY !== true) return SILENT
  let title = ''
  let phase: Phase | undefined
  let phaseStarted = 0
  let bar: SingleBar | undefined

  const end = (): void => {
    bar?.stop()
    bar = undefined
    phase = undefined
  }

  return {
    begin(newTitle) {
      end()
      title = newTitle
    },
    update(progress) {
      const payload = { left: '' }
      if (progress.phase !== phase) {
        end()
        phase = progress.phase
        phaseStarted = now()
        bar = new SingleBar({
          stream,
          format: `${title}  ${LABELS[progress.phase]} [{bar}] {value}/{total} {left}`,
          barsize: 24,
          hideCursor: true,
          clearOnComplete: true,
        })
        bar.start(progress.steps, progress.step, payload)
        return
      }
      payload.left = timeLeft(progress, (now() - phaseStarted) / 1000)
      bar?.setTotal(progress.steps)
      bar?.update(progress.step, payload)
    },
    end,
  }
}
