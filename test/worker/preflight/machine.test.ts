import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { thisMachine } from '../../../worker/preflight/machine.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const machine = thisMachine(process.env)

test('a folder is tried by making it and writing to it, and nothing is left in it', async () => {
  const folder = join(await temporaryDir(), 'new', 'scratch')
  await machine.tryWriting(folder)
  expect(await readdir(folder)).toEqual([])
  await expect(machine.tryWriting('/dev/null/scratch')).rejects.toThrow(
    '--scratch-dir: the folder /dev/null/scratch cannot be used (a file has that name); choose another',
  )
})

test('the free bytes of a folder that is not there are those of its disk, and the folder is not made', async () => {
  const parent = await temporaryDir()
  const bytes = await machine.freeDiskBytes(join(parent, 'new', 'clips'))
  expect(bytes).toBeGreaterThan(0)
  expect(Number.isInteger(bytes)).toBe(true)
  expect(await readdir(parent)).toEqual([])
})

test('a folder without a disk is a mistake that names the option', async () => {
  const file = join(await temporaryDir(), 'file')
  await writeFile(file, '')
  await expect(machine.freeDiskBytes(join(file, 'clips'))).rejects.toThrow(
    `--output-dir: the folder ${join(file, 'clips')} cannot be used (a file has that name); choose another`,
  )
})

test('the runtime runs a graph in a process of its own and reports its version and providers', async () => {
  const { version, providers } = await machine.onnxRuntime()
  expect(version).toBe('1.30.0')
  expect(providers).toContain('cpu')
})

test('a card that is not there is an error with the whole reason of the process that looked for it', async () => {
  await expect(machine.runOnCard('GPU-00000000-0000-0000-0000-000000000000')).rejects.toThrow(
    // More than the heading of a list.
    /^\S.*[^:\s]$/s,
  )
})

test('ffmpeg is the one that the environment names, with its version and encoders', async () => {
  const { path, source, version, encoders } = await machine.ffmpeg()
  const named = thisMachine({ ...process.env, FFMPEG_PATH: path })
  expect(source).not.toBe('FFMPEG_PATH')
  expect(await named.ffmpeg()).toEqual({ path, source: 'FFMPEG_PATH', version, encoders })
  expect(encoders).toContain('libx264')
})
