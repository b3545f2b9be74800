import path from 'node:path'
import { type ClipFormat, FORMAT_TRAITS } from '../../../shared/contracts/clip-format.ts'
import type { ClipMetadata } from '../../../shared/contracts/clip-record.ts'
import { ENCODERS } from '../../../worker/video/encoders.ts'
import { findFfmpeg } from '../../../worker/video/ffmpeg-path.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { noiseFrames } from './frames.ts'

interface ClipFileOptions {
  /** Default: the MP4. */
  readonly format?: ClipFormat
  /** Default: the npm package's ffmpeg. */
  readonly ffmpegPath?: string
}

/** A real clip of a few frames in a folder of its own. */
export const aClipFile = async (
  metadata: ClipMetadata | null,
  { format = 'mp4', ffmpegPath }: ClipFileOptions = {},
): Promise<string> => {
  const output = path.join(await temporaryDir(), `clip${FORMAT_TRAITS[format].ending}`)
  await ENCODERS[format].encode({
    ...{ frames: () => noiseFrames(3, 64, 48), width: 64, height: 48, fps: 7, output, metadata },
    ffmpegPath: ffmpegPath ?? (await findFfmpeg({})).path,
    signal: new AbortController().signal,
  })
  return output
}
