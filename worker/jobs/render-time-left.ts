import type { Phase, Progress } from '../pipeline/progress.ts'

/** Decoding takes a quarter to a third of the time of denoising at the usual 25 steps; rather too much than too little. */
const DECODE_SHARE = 0.5

/** How long a render still takes, judged by its own progress. */
export interface RenderTimeLeft {
  update(progress: Progress, nowMs: number): void
  /** Null: it has not got far enough to say. */
  secondsLeft(nowMs: number): number | null
}

interface Mark extends Progress {
  readonly atMs: number
}

export const judgeTimeLeft = (): RenderTimeLeft => {
  const firstOf = new Map<Phase, Mark>()
  let latest: Mark | undefined

  /** From the first to the latest sign of its phase; null: there is only one yet. */
  const msPerStep = (mark: Mark): number | null => {
    const first = firstOf.get(mark.phase) ?? mark
    return mark.step === first.step ? null : (mark.atMs - first.atMs) / (mark.step - first.step)
  }

  const expectedMs = (mark: Mark): number | null => {
    const { phase, step, steps } = mark
    const each = msPerStep(mark)
    switch (phase) {
      case 'load':
      case 'encode-image':
        return null
      case 'denoise':
        return each === null ? null : each * (steps - step + steps * DECODE_SHARE)
      case 'decode': {
        if (each !== null) return each * (steps - step)
        const denoise = firstOf.get('denoise')
        return denoise === undefined ? null : (firstOf.get('decode')!.atMs - denoise.atMs) * DECODE_SHARE
      }
      case 'encode-video':
        return 0
    }
  }

  return {
    update(progress, nowMs) {
      latest = { ...progress, atMs: nowMs }
      if (!firstOf.has(progress.phase)) firstOf.set(progress.phase, latest)
    },
    secondsLeft(nowMs) {
      if (latest === undefined) return null
      const expected = expectedMs(latest)
      return expected === null ? null : Math.max(0, expected - (nowMs - latest.atMs)) / 1000
    },
  }
}
