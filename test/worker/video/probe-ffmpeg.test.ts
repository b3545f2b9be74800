import path from 'node:path'
import { expect, test } from 'vitest'
import { CLIP_FORMATS } from '../../../shared/contracts/clip-format.ts'
import { assertFfmpegEncodes, probeFfmpeg } from '../../../worker/video/probe-ffmpeg.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { expectChildEnvironment, writeFakeFfmpeg } from './fake-ffmpeg.ts'
import { FFMPEGS } from './ffmpeg-binaries.ts'

const aProgram = async (script: string) => {
  const file = await writeFakeFfmpeg(await temporaryDir(), script)
  return { path: file, source: 'FFMPEG_PATH' } as const
}

test.each(FFMPEGS)('the ffmpeg of $name can encode every format', async ({ ffmpegPath }) => {
  const binary = { path: ffmpegPath, source: 'PATH' } as const
  await assertFfmpegEncodes(binary, CLIP_FORMATS, unaborted)
  expect(await probeFfmpeg(binary)).toMatchObject({
    version: expect.stringMatching(/^\S+$/),
    encoders: expect.arrayContaining(['libx264', 'libvpx-vp9', 'gif', 'prores_ks']),
  })
})

test.each([
  ['fails', 'exit 1', 'does not run as ffmpeg does; set it to an ffmpeg with libx264'],
  ['prints nothing', 'exit 0', 'has no encoder libx264 (mp4); set it to an ffmpeg that has'],
  [
    'has only other encoders',
    "echo ' V..... mpeg4  MPEG-4'",
    'has no encoder libx264 (mp4); set it to an ffmpeg that has',
  ],
])('an ffmpeg that %s causes an InvalidInputError', async (_, script, message) => {
  const binary = await aProgram(script)
  await expect(assertFfmpegEncodes(binary, ['mp4'], unaborted)).rejects.toMatchObject({
    name: 'InvalidInputError',
    message: `FFMPEG_PATH: ${binary.path} (from FFMPEG_PATH) ${message}`,
  })
})

test('assertFfmpegEncodes names each missing encoder with its format, and the formats that remain', async () => {
  const binary = await aProgram("echo ' V..... libx264  H.264'; echo ' V..... gif  GIF'")
  await expect(assertFfmpegEncodes(binary, CLIP_FORMATS, unaborted)).rejects.toThrow(
    'has no encoder libvpx-vp9 (webm) and prores_ks (prores); set it to an ffmpeg that has, ' +
      'or ask for mp4 and gif and png alone',
  )
  await assertFfmpegEncodes(binary, ['mp4', 'gif', 'png'], unaborted)
})

test('assertFfmpegEncodes needs no encoder of ffmpeg for PNG frames', async () => {
  await assertFfmpegEncodes(await aProgram('exit 0'), ['png'], unaborted)
})

test('a probed ffmpeg gets no variables that it does not need', async () => {
  const folder = await temporaryDir()
  const binary = await aProgram(`env > '${folder}/env'`)
  await probeFfmpeg(binary)
  await expectChildEnvironment(path.join(folder, 'env'))
})

test('an aborted probe ends with the reason of the abort', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const probe = assertFfmpegEncodes(await aProgram('exec sleep 60'), ['mp4'], controller.signal)
  controller.abort(reason)
  await expect(probe).rejects.toBe(reason)
})
