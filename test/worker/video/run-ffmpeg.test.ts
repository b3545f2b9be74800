import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { runFfmpeg } from '../../../worker/video/run-ffmpeg.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { expectChildEnvironment, writeFakeFfmpeg } from './fake-ffmpeg.ts'

test('ffmpeg gets no variable that it has no use for', async () => {
  const folder = await temporaryDir()
  const script = `env > '${folder}/env'\ncat > '${folder}/input'`
  const ffmpegPath = await writeFakeFfmpeg(folder, script)
  await runFfmpeg({
    ...{ ffmpegPath, input: [Buffer.from('frame')], signal: unaborted },
    ...{ inputOptions: ['-f rawvideo'], outputOptions: ['-c:v copy'], output: path.join(folder, 'clip.mp4') },
  })
  await expectChildEnvironment(path.join(folder, 'env'))
  expect(await readFile(path.join(folder, 'input'), 'utf8')).toBe('frame')
})
