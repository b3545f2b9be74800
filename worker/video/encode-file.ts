import path from 'node:path'
import type { ClipMetadata } from '../../shared/contracts/clip-record.ts'
import { writeThenRename } from '../../shared/files/write-then-rename.ts'
import {
  assertAsAsked,
  assertEncodable,
  countedFrames,
  type FileFigures,
  type FramesToEncode,
  rawInputOptions,
} from './frames-to-encode.ts'
import { runFfmpeg } from './run-ffmpeg.ts'

/** A clip that one of the encoders writes as a file of its format. */
export interface FileRequest extends Omit<FramesToEncode, 'frames'> {
  /** Each call goes through all frames from the first on. */
  readonly frames: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  /** `null` or absent: the codec's usual one. */
  readonly crf?: number | null
  readonly output: string
  /** Facts of the clip for formats that carry them: MP4, WebM and ProRes; `null` or absent: none. */
  readonly metadata?: ClipMetadata | null
  readonly ffmpegPath: string
  readonly signal: AbortSignal
}

/**
 * Writes a clip in one format. The same frames and ffmpeg give the same bytes. The file appears under `output` complete,
 * after its figures have been read back, or not at all.
 */
export type EncodeFile = (request: FileRequest) => Promise<FileFigures>

/** Options that keep times and versions out of a file. */
export const REPRODUCIBLE = ['-flags:v', '+bitexact', '-fflags', '+bitexact', '-map_metadata', '-1']

export const BT709_TAGS = [
  ...['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-color_range', 'tv'],
]

interface FileWriter<Figures extends FileFigures> {
  /** Writes the clip into a file that is not there yet, and returns how many frames were given. */
  readonly write: (clip: FramesToEncode, file: string) => Promise<number>
  readonly readBack: (file: string) => Promise<Figures>
}

/** Writes a file of any format under a temporary name, reads it back, and renames it if it is what was asked for. */
export const writeAsAsked = <Figures extends FileFigures>(
  request: FileRequest,
  { write, readBack }: FileWriter<Figures>,
): Promise<Figures> =>
  writeThenRename(request.output, async (temporary) => {
    const file = path.resolve(temporary)
    const clip: FramesToEncode = { ...request, frames: request.frames() }
    const frameCount = await write(clip, file)
    const figures = await readBack(file)
    assertAsAsked(figures, clip, frameCount)
    request.signal.throwIfAborted()
    return figures
  })

/** A file that ffmpeg writes in one pass over the frames. */
export interface FfmpegPass extends Pick<FileRequest, 'ffmpegPath' | 'signal'> {
  /** Follow those of the input and end with the container's. They may name further inputs. */
  readonly outputOptions: readonly string[]
  readonly output: string
}

/** Runs ffmpeg on the frames of a clip, and returns how many there were. Throws RangeError for a size that no video has. */
export const runPass = async (clip: FramesToEncode, pass: FfmpegPass): Promise<number> => {
  assertEncodable(clip)
  const { ffmpegPath, outputOptions, output, signal } = pass
  const count = { frames: 0 }
  const input = countedFrames(clip, count)
  await runFfmpeg({
    ...{ ffmpegPath, input, inputOptions: rawInputOptions(clip), outputOptions, output, signal },
  })
  return count.frames
}

/** One format, as ffmpeg writes it. */
interface FfmpegFormat<Figures extends FileFigures> extends Pick<FfmpegPass, 'outputOptions'> {
  /** Adds to the written file what ffmpeg cannot write. */
  readonly complete?: (file: string) => Promise<void>
  readonly readBack: (file: string) => Promise<Figures>
}

/** Writes a file with ffmpeg. `complete` and `readBack` get the file under its temporary name. */
export const encodeFile = <Figures extends FileFigures>(
  request: FileRequest,
  { outputOptions, complete, readBack }: FfmpegFormat<Figures>,
): Promise<Figures> =>
  writeAsAsked(request, {
    async write(clip, output) {
      const { ffmpegPath, signal } = request
      const frameCount = await runPass(clip, { ffmpegPath, signal, outputOptions, output })
      await complete?.(output)
      return frameCount
    },
    readBack,
  })
