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
import { readContainer } from './read-container.ts'
import { runFfmpeg } from './run-ffmpeg.ts'

/** A clip that one of the encoders writes as a file of its format. */
export interface FileRequest extends Omit<FramesToEncode, 'frames'> {
  /** Each call goes through all frames from the first on. */
  readonly frames: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  /** `null`: the codec's usual one. */
  readonly crf: number | null
  readonly output: string
  /** Facts of the clip for formats that carry them, which is the MP4; `null` or absent: none. */
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

/** `outputOptions` follow those of the input and end with the container's; `inputs` are further inputs. */
export const encodeFile = async (
  request: FileRequest,
  { outputOptions }: { readonly outputOptions: readonly string[] },
): Promise<FileFigures> => {
  const { ffmpegPath, fps, signal, frames } = request
  const clip: FramesToEncode = { ...request, frames: frames() }
  assertEncodable(clip)
  const count = { frames: 0 }
  return writeThenRename(request.output, async (temporary) => {
    const file = path.resolve(temporary)
    const input = countedFrames(clip, count)
    await runFfmpeg({
      ...{ ffmpegPath, input, inputOptions: rawInputOptions(clip), outputOptions },
      ...{ output: file, signal },
    })
    const figures = await readContainer(file, { ffmpegPath, fps, signal })
    assertAsAsked(figures, clip, count.frames)
    signal.throwIfAborted()
    return figures
  })
}
