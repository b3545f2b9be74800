import { describe, test } from 'vitest'
import { findFfmpeg } from '../../../worker/video/ffmpeg-path.ts'

export interface FfmpegUnderTest {
  readonly name: string
  readonly ffmpegPath: string
}

const packaged = await findFfmpeg({})
const usual = await findFfmpeg({ PATH: process.env['PATH'] })
const hasUsual = usual.path !== packaged.path

// Each file that imports these then reports one skipped test, so that no case vanishes without a word.
if (!hasUsual)
  describe('the ffmpeg of PATH', () => {
    test.skip('does what the one of the npm package does: skipped, because there is none on PATH', () => {})
  })

/** Every ffmpeg that this machine offers: the npm package's, and the one on PATH if there is one. */
export const FFMPEGS: readonly FfmpegUnderTest[] = [
  { name: 'the npm package', ffmpegPath: packaged.path },
  ...(hasUsual ? [{ name: 'PATH', ffmpegPath: usual.path }] : []),
]
