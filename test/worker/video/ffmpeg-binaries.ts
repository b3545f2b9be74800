import { describe, test } from 'vitest'
import { findFfmpeg } from '../../../worker/video/ffmpeg-path.ts'

export interface FfmpegUnderTest {
  readonly name: string
  readonly ffmpegPath: string
}

const packaged = await findFfmpeg({})
const usual = await findFfmpeg({ PATH: process.env['PATH'] })
const hasUsual = usual.path !== packaged.path

// Each file that imports these then reports one skipped test, so that the missing cases are visible.
if (!hasUsual)
  describe('the ffmpeg of PATH', () => {
    test.skip('works like that of the npm package (skipped: there is no ffmpeg on PATH)', () => {})
  })

/** Every ffmpeg that this machine offers: the npm package's, and the one on PATH if there is one. */
export const FFMPEGS: readonly FfmpegUnderTest[] = [
  { name: 'the npm package', ffmpegPath: packaged.path },
  ...(hasUsual ? [{ name: 'PATH', ffmpegPath: usual.path }] : []),
]
