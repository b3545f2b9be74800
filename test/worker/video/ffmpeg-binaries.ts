import { findFfmpeg } from '../../../worker/video/ffmpeg-path.ts'

export interface FfmpegUnderTest {
  readonly name: string
  readonly ffmpegPath: string
}

/** Every ffmpeg that this machine offers: the npm package's, and the one on PATH if there is one. */
export const ffmpegsUnderTest = async (): Promise<FfmpegUnderTest[]> => {
  const packaged = await findFfmpeg({})
  const usual = await findFfmpeg({ PATH: process.env['PATH'] })
  const found = [{ name: 'the npm package', ffmpegPath: packaged.path }]
  if (usual.path !== packaged.path) found.push({ name: 'PATH', ffmpegPath: usual.path })
  return found
}
