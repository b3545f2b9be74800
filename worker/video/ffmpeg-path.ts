import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'

export interface FfmpegBinary {
  readonly path: string
  /** Source of the path, in the order of search. */
  readonly source: 'FFMPEG_PATH' | 'PATH' | '@ffmpeg-installer/ffmpeg'
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Finds the ffmpeg to run: the file that `FFMPEG_PATH` names, else `ffmpeg` on `PATH`, else the binary that
 * came with the npm package. A wrong `FFMPEG_PATH` is an error: falling through would encode with a program
 * that nobody chose. Throws InvalidInputError that says where it was looked for and what to set.
 */
export const findFfmpeg = async (
  environment: Environment,
  findPackaged: () => Promise<string> = packagedFfmpeg,
): Promise<FfmpegBinary> => {
  const chosen = environment['FFMPEG_PATH']
  if (chosen) {
    if (await isExecutableFile(chosen)) return { path: path.resolve(chosen), source: 'FFMPEG_PATH' }
    throw new InvalidInputError(
      'FFMPEG_PATH',
      `${JSON.stringify(chosen)} is not an executable file; ` +
        'give the full path of an ffmpeg binary, or unset it to use the one on PATH',
    )
  }

  const name = process.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg'
  for (const folder of (environment['PATH'] ?? '').split(path.delimiter)) {
    const candidate = path.join(folder, name)
    if (folder !== '' && (await isExecutableFile(candidate))) return { path: candidate, source: 'PATH' }
  }

  try {
    const packaged = await findPackaged()
    if (await isExecutableFile(packaged)) return { path: packaged, source: '@ffmpeg-installer/ffmpeg' }
    throw new Error(`${packaged} is not an executable file`)
  } catch (cause) {
    throw new InvalidInputError(
      'ffmpeg',
      'is not there: FFMPEG_PATH is not set, PATH has none, and the npm package @ffmpeg-installer/ffmpeg has no ' +
        'binary for this machine; install ffmpeg and set FFMPEG_PATH to it',
      { cause },
    )
  }
}

/** Loaded only when needed: the package throws while loading on a platform that it has no binary for. */
const packagedFfmpeg = async (): Promise<string> => (await import('@ffmpeg-installer/ffmpeg')).default.path

const isExecutableFile = async (file: string): Promise<boolean> => {
  try {
    await access(file, constants.X_OK)
    return (await stat(file)).isFile()
  } catch {
    return false
  }
}
