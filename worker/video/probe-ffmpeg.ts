import { execa } from 'execa'
import { childEnvironment } from '../../shared/child-environment.ts'
import type { ClipFormat } from '../../shared/contracts/clip-format.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { ENCODERS } from './encoders.ts'
import type { FfmpegBinary } from './ffmpeg-path.ts'

const TIMEOUT_MS = 20_000

export interface FfmpegAbilities {
  readonly version: string
  /** By ffmpeg's own names: `libx264`. */
  readonly encoders: readonly string[]
}

/** Asks an ffmpeg what it is and what it can do. Throws if it does not run, and the signal's reason when that aborts. */
export const probeFfmpeg = async (
  { path }: Pick<FfmpegBinary, 'path'>,
  signal?: AbortSignal,
): Promise<FfmpegAbilities> => {
  const linesOf = async (option: string): Promise<readonly string[]> => {
    const options = {
      timeout: TIMEOUT_MS,
      stdin: 'ignore',
      env: childEnvironment(process.env),
      extendEnv: false,
      ...(signal && { cancelSignal: signal }),
    } as const
    const { stdout } = await execa(path, ['-hide_banner', option], options)
    return stdout.split('\n')
  }
  try {
    const [first = ''] = await linesOf('-version')
    const encoders = (await linesOf('-encoders')).map((row) => row.trim().split(/\s+/)[1] ?? '')
    return { version: /version (\S+)/.exec(first)?.[1] ?? 'unknown', encoders }
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}

export interface MissingEncoder {
  readonly format: ClipFormat
  readonly encoder: string
}

/** Formats that an ffmpeg cannot write, each with the encoder that it lacks. */
export const missingEncoders = (
  { encoders }: Pick<FfmpegAbilities, 'encoders'>,
  formats: readonly ClipFormat[],
): readonly MissingEncoder[] =>
  formats.flatMap((format) => {
    const { needs } = ENCODERS[format]
    return needs === null || encoders.includes(needs) ? [] : [{ format, encoder: needs }]
  })

/** `libvpx-vp9 (webm)` of each. */
export const missingText = (missing: readonly MissingEncoder[]): string =>
  missing.map(({ format, encoder }) => `${encoder} (${format})`).join(' and ')

const otherFix = (formats: readonly ClipFormat[], missing: readonly MissingEncoder[]): string => {
  const left = formats.filter((format) => !missing.some((one) => one.format === format))
  return left.length === 0 ? '' : `, or ask for ${left.join(' and ')} alone`
}

/**
 * Throws InvalidInputError unless the ffmpeg that was found runs and can write the formats, and the signal's reason when it
 * aborts.
 */
export const assertFfmpegEncodes = async (
  binary: FfmpegBinary,
  formats: readonly ClipFormat[],
  signal: AbortSignal,
): Promise<void> => {
  const { path, source } = binary
  const needed = formats.flatMap((format) => ENCODERS[format].needs ?? []).join(' and ')
  let abilities: FfmpegAbilities
  try {
    abilities = await probeFfmpeg(binary, signal)
  } catch (cause) {
    signal.throwIfAborted()
    throw new InvalidInputError(
      'FFMPEG_PATH',
      `${path} (from ${source}) does not run as ffmpeg does; set it to an ffmpeg${needed === '' ? '' : ` with ${needed}`}`,
      { cause },
    )
  }
  const missing = missingEncoders(abilities, formats)
  if (missing.length > 0) {
    throw new InvalidInputError(
      'FFMPEG_PATH',
      `${path} (from ${source}) has no encoder ${missingText(missing)}; set it to an ffmpeg that has${otherFix(formats, missing)}`,
    )
  }
}
