import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { thisMachine } from '../../../worker/preflight/machine.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const machine = thisMachine(process.env)

test('tryWriting creates a folder and leaves it empty, and rejects a path below a file', async () => {
  const folder = join(await temporaryDir(), 'new', 'scratch')
  await machine.tryWriting(folder)
  expect(await readdir(folder)).toEqual([])
  await expect(machine.tryWriting('/dev/null/scratch')).rejects.toThrow(
    '--scratch-dir: the folder /dev/null/scratch cannot be used (a file has that name); choose another',
  )
})

test('freeDiskBytes reads the disk of a missing folder and does not create the folder', async () => {
  const parent = await temporaryDir()
  const bytes = await machine.freeDiskBytes(join(parent, 'new', 'clips'))
  expect(bytes).toBeGreaterThan(0)
  expect(Number.isInteger(bytes)).toBe(true)
  expect(await readdir(parent)).toEqual([])
})

test('freeDiskBytes rejects a path below a file and names the option', async () => {
  const file = join(await temporaryDir(), 'file')
  await writeFile(file, '')
  await expect(machine.freeDiskBytes(join(file, 'clips'))).rejects.toThrow(
    `--output-dir: the folder ${join(file, 'clips')} cannot be used (a file has that name); choose another`,
  )
})

test('onnxRuntime reports the version and the providers of ONNX Runtime', async () => {
  const { version, providers } = await machine.onnxRuntime()
  expect(version).toBe('1.30.0')
  expect(providers).toContain('cpu')
})

test('runOnCard rejects a missing GPU with the whole error of its child process', async () => {
  await expect(machine.runOnCard('GPU-00000000-0000-0000-0000-000000000000')).rejects.toThrow(
    // More than the heading of a list.
    /^\S.*[^:\s]$/s,
  )
})

test('ffmpeg is the build that FFMPEG_PATH names, with its version and encoders', async () => {
  const { path, source, version, encoders } = await machine.ffmpeg()
  const named = thisMachine({ ...process.env, FFMPEG_PATH: path })
  expect(source).not.toBe('FFMPEG_PATH')
  expect(await named.ffmpeg()).toEqual({ path, source: 'FFMPEG_PATH', version, encoders })
  expect(encoders).toContain('libx264')
})
