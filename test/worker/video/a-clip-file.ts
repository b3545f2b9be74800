import path from 'node:path'
import type { ClipMetadata } from '../../../shared/contracts/clip-record.ts'
import { encodeMp4 } from '../../../worker/video/encode-mp4.ts'
import { findFfmpeg } from '../../../worker/video/ffmpeg-path.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { noiseFrames } from './frames.ts'

/** A real MP4 of a few frames in a folder of its own. Default: the npm package's ffmpeg. */
export const aClipFile = async (metadata: ClipMetadata | null, ffmpegPath?: string): Promise<string> => {
  const output = path.join(await temporaryDir(), 'clip.mp4')
  await encodeMp4({
    ...{ frames: () => noiseFrames(3, 64, 48), width: 64, height: 48, fps: 7, output, metadata },
    ffmpegPath: ffmpegPath ?? (await findFfmpeg({})).path,
    signal: new AbortController().signal,
  })
  return output
}
