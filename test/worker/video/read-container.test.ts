import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { FORMAT_TRAITS } from '../../../shared/contracts/clip-format.ts'
import { ENCODERS } from '../../../worker/video/encoders.ts'
import { findFfmpeg } from '../../../worker/video/ffmpeg-path.ts'
import { readContainer } from '../../../worker/video/read-container.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { movingFrames } from './frames.ts'

const { path: ffmpegPath } = await findFfmpeg({})
const FORMATS = ['mp4', 'webm', 'gif', 'prores'] as const

/** A file of nine frames. */
const aFile = async (format: (typeof FORMATS)[number]): Promise<string> => {
  const output = path.join(await temporaryDir(), `a${FORMAT_TRAITS[format].ending}`)
  const frames = movingFrames(9, 64, 48)
  const clip = { frames: () => frames, width: 64, height: 48, fps: 7, crf: null }
  await ENCODERS[format].encode({ ...clip, output, ffmpegPath, signal: unaborted })
  return output
}

test.each(FORMATS)('readContainer returns size, frames and rate of a %s', async (format) => {
  const options = { ffmpegPath, fps: 7, signal: unaborted }
  expect(await readContainer(await aFile(format), options)).toEqual({
    width: 64,
    height: 48,
    frameCount: 9,
    fps: 7,
  })
})

test.each(FORMATS)(
  'readContainer returns no rate for a %s whose rate is not the expected one',
  async (format) => {
    const file = await aFile(format)
    for (const fps of [6, 8, 14]) {
      const read = await readContainer(file, { ffmpegPath, fps, signal: unaborted })
      expect(read).toMatchObject({ frameCount: 9, fps: undefined })
    }
  },
)

test('readContainer names a file that is not a video', async () => {
  const file = path.join(await temporaryDir(), 'no-video')
  await writeFile(file, 'words')
  await expect(readContainer(file, { ffmpegPath, fps: 7, signal: unaborted })).rejects.toThrow(
    `${file} cannot be read back: `,
  )
})

test('readContainer refuses a truncated file', async () => {
  const file = await aFile('prores')
  const whole = await readFile(file)
  // The index of a QuickTime file is at its end.
  await writeFile(file, whole.subarray(0, whole.length - 100))
  await expect(readContainer(file, { ffmpegPath, fps: 7, signal: unaborted })).rejects.toThrow(
    `${file} cannot be read back: `,
  )
})

test('an aborted readContainer ends with the reason of the abort', async () => {
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  await expect(readContainer(await aFile('gif'), { ffmpegPath, fps: 7, signal })).rejects.toBe(reason)
})
