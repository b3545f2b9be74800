import { execa } from 'execa'
import { childEnvironment } from '../../shared/child-environment.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
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

/** Whether it can write the videos of this program. */
export const encodesH264 = ({ encoders }: FfmpegAbilities): boolean => encoders.includes('libx264')

/** Throws InvalidInputError unless the ffmpeg that was found runs and can encode, and the signal's reason when it aborts. */
export const assertFfmpegEncodes = async (binary: FfmpegBinary, signal: AbortSignal): Promise<void> => {
  const { path, source } = binary
  let abilities: FfmpegAbilities
  try {
    abilities = await probeFfmpeg(binary, signal)
  } catch (cause) {
    signal.throwIfAborted()
    throw new InvalidInputError(
      'FFMPEG_PATH',
      `${path} (from ${source}) does not run as ffmpeg does; set it to an ffmpeg with libx264`,
      { cause },
    )
  }
  if (!encodesH264(abilities)) {
    throw new InvalidInputError(
      'FFMPEG_PATH',
      `${path} (from ${source}) has no encoder libx264; set it to an ffmpeg that has`,
    )
  }
}
