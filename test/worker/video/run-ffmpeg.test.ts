import { chmod, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { runFfmpeg } from '../../../worker/video/run-ffmpeg.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

test('ffmpeg gets no variable that it has no use for', async () => {
  const folder = await temporaryDir()
  const ffmpegPath = path.join(folder, 'ffmpeg')
  await writeFile(ffmpegPath, `#!/bin/sh\nenv > '${folder}/env'\ncat > '${folder}/input'\n`)
  await chmod(ffmpegPath, 0o755)
  await runFfmpeg({
    ...{ ffmpegPath, input: [Buffer.from('frame')], signal: unaborted },
    ...{ inputOptions: ['-f rawvideo'], outputOptions: ['-c:v copy'], output: path.join(folder, 'clip.mp4') },
  })
  const names = (await readFile(path.join(folder, 'env'), 'utf8'))
    .split('\n')
    .map((line) => line.split('=')[0])
  expect(process.env).toHaveProperty('VITEST')
  expect(names).toContain('PATH')
  expect(names).not.toContain('VITEST')
  expect(await readFile(path.join(folder, 'input'), 'utf8')).toBe('frame')
})
