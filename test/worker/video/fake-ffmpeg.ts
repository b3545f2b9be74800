import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'vitest'

/** Writes a shell script in place of ffmpeg, and returns its path. */
export const writeFakeFfmpeg = async (folder: string, script: string): Promise<string> => {
  const file = path.join(folder, 'ffmpeg')
  await writeFile(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return file
}

/** Checks the output of `env` in a child: variables of the tests' own process stayed there. */
export const expectChildEnvironment = async (file: string): Promise<void> => {
  const names = (await readFile(file, 'utf8')).split('\n').map((line) => line.split('=')[0])
  expect(process.env).toHaveProperty('VITEST')
  expect(names).toContain('PATH')
  expect(names).not.toContain('VITEST')
}
