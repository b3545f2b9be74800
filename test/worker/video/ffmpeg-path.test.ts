import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { findFfmpeg } from '../../../worker/video/ffmpeg-path.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ffmpeg-path-'))
})
afterEach(() => rm(folder, { recursive: true }))

const anExecutable = async (...parts: string[]): Promise<string> => {
  const file = path.join(folder, ...parts)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, '#!/bin/sh\n')
  await chmod(file, 0o755)
  return file
}

test('findFfmpeg prefers the file that FFMPEG_PATH names', async () => {
  const chosen = await anExecutable('chosen', 'my-ffmpeg')
  const onPath = await anExecutable('bin', 'ffmpeg')
  expect(await findFfmpeg({ FFMPEG_PATH: chosen, PATH: path.dirname(onPath) })).toEqual({
    path: chosen,
    source: 'FFMPEG_PATH',
  })
})

test.each([
  ['is missing', () => path.join(folder, 'missing')],
  ['is a folder', () => folder],
  [
    'is not executable',
    async () => {
      const file = await anExecutable('plain')
      await chmod(file, 0o644)
      return file
    },
  ],
])('findFfmpeg fails if the file of FFMPEG_PATH %s, even if PATH has an ffmpeg', async (_, chosen) => {
  const onPath = await anExecutable('bin', 'ffmpeg')
  const search = findFfmpeg({ FFMPEG_PATH: await chosen(), PATH: path.dirname(onPath) })
  await expect(search).rejects.toThrow(InvalidInputError)
  await expect(search).rejects.toThrow(/^FFMPEG_PATH: ".*" is not an executable file; give the full path/)
})

test('findFfmpeg returns the first executable ffmpeg on PATH', async () => {
  const plain = await anExecutable('first', 'ffmpeg')
  await chmod(plain, 0o644)
  const second = await anExecutable('second', 'ffmpeg')
  const third = await anExecutable('third', 'ffmpeg')
  const PATH = [plain, second, third].map((file) => path.dirname(file)).join(path.delimiter)
  expect(await findFfmpeg({ PATH, FFMPEG_PATH: '' })).toEqual({ path: second, source: 'PATH' })
})

test('findFfmpeg falls back to the binary of the npm package', async () => {
  const found = await findFfmpeg({ PATH: folder })
  expect(found.source).toBe('@ffmpeg-installer/ffmpeg')
  expect(found.path).toContain('@ffmpeg-installer')
})

test('findFfmpeg names all three sources if it finds no ffmpeg', async () => {
  // The package throws strings.
  const search = findFfmpeg({}, () => Promise.reject('Unsupported platform/architecture: sunos-mips'))
  await expect(search).rejects.toThrow(InvalidInputError)
  await expect(search).rejects.toThrow(/FFMPEG_PATH.*PATH.*@ffmpeg-installer\/ffmpeg/)
})
