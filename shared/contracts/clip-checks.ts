/*
 * The checks of a finished clip, and their severities: a severity decides what a fault does to the job. A deployment
 * chooses severities, a job does not. worker/jobs/quality/clip-limits.ts has the limits of the checks.
 */

/** The names of the checks, in the order in which faults are reported. */
export const CLIP_CHECKS = [
  /** Values that were NaN or infinite before the frames became bytes. */
  'non-finite',
  /** A black frame. */
  'black',
  /** A frame of one level that is not black. */
  'blank',
  /** No two neighbouring frames differ. */
  'frozen',
  /** Brightness jumps where decode chunks meet. */
  'seams',
  /** The first frame shows something else than the image. */
  'likeness',
  /** The MP4 has another number of frames or another size, or cannot be read. */
  'container',
] as const

/** `off`: not reported; `warn`: the clip is published, with a warning; `fail`: the clip is rejected. */
export const CHECK_SEVERITIES = ['off', 'warn', 'fail'] as const

export type ClipCheck = (typeof CLIP_CHECKS)[number]
export type CheckSeverity = (typeof CHECK_SEVERITIES)[number]
export type CheckSeverities = Readonly<Record<ClipCheck, CheckSeverity>>

/**
 * `likeness` and `seams` warn because their limits come from clips of the demo checkpoint alone. The others find what no
 * checkpoint can mean. That includes `frozen`: its limit is a hundredth of the least motion that was measured, which only
 * frames reach that are copies of one another.
 */
export const DEFAULT_SEVERITIES: CheckSeverities = {
  'non-finite': 'fail',
  black: 'fail',
  blank: 'fail',
  frozen: 'fail',
  seams: 'warn',
  likeness: 'warn',
  container: 'fail',
}

const checksThat = (severity: CheckSeverity): string =>
  CLIP_CHECKS.filter((check) => DEFAULT_SEVERITIES[check] === severity).join(', ')

/** For people: which checks warn, and which fail, where nothing else is said. */
export const DEFAULT_SEVERITIES_TEXT = `${checksThat('warn')} warn; ${checksThat('fail')} fail`

const isOneOf = <Value extends string>(values: readonly Value[], given: string): given is Value =>
  values.some((value) => value === given)

/** The rule of one setting, as the end of an error about it. */
export const CHECK_SETTING_RULE = `must be CHECK=SEVERITY, such as likeness=fail; checks are ${CLIP_CHECKS.join(', ')}; severities are ${CHECK_SEVERITIES.join(', ')}`

/** Reads `likeness=fail`. Returns null if there is no such check, or no such severity. */
export const readCheckSetting = (given: string): readonly [ClipCheck, CheckSeverity] | null => {
  const [check = '', severity = '', ...more] = given.split('=').map((word) => word.trim())
  return more.length === 0 && isOneOf(CLIP_CHECKS, check) && isOneOf(CHECK_SEVERITIES, severity)
    ? [check, severity]
    : null
}

/**
 * Reads `likeness=fail,seams=off`. Checks that are not named have their default severity. Returns null if a setting
 * breaks its rule, or if a check is named twice.
 */
export const readCheckSeverities = (given: string): CheckSeverities | null => {
  const settings = given
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(readCheckSetting)
  const known = settings.filter((setting) => setting !== null)
  const named = Object.fromEntries(known)
  if (known.length < settings.length || Object.keys(named).length < known.length) return null
  return { ...DEFAULT_SEVERITIES, ...named }
}
