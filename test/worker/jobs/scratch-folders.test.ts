import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { openScratchFolders } from '../../../worker/jobs/scratch-folders.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const OWNER = { host: 'gpu-1', processId: 7, isRunning: (processId: number) => processId === 8 }

const folderWithFile = async (dir: string, name: string): Promise<void> => {
  await mkdir(path.join(dir, name), { recursive: true })
  await writeFile(path.join(dir, name, 'video.mp4'), 'x')
}

test('each attempt gets its own folder, whose disposal removes all its files', async () => {
  const dir = await temporaryDir()
  const scratch = await openScratchFolders(dir, OWNER)

  const first = await scratch.open()
  const second = await scratch.open()
  await writeFile(path.join(first.path, 'video.mp4'), 'x')
  await first[Symbol.asyncDispose]()

  expect(first.path).not.toBe(second.path)
  expect(await readdir(path.join(dir, 'svd-worker-gpu-1-7'))).toEqual([path.basename(second.path)])
})

test('a folder that is disposed of twice is removed once, and both disposals wait for that', async () => {
  const dir = await temporaryDir()
  const scratch = await openScratchFolders(dir, OWNER)
  const folder = await scratch.open()

  const removals = [folder[Symbol.asyncDispose](), folder[Symbol.asyncDispose]()]
  expect(removals[0]).toBe(removals[1])
  await removals[0]

  expect(await readdir(path.dirname(folder.path))).toEqual([])
})

test('the parent folder is created again when it was removed meanwhile', async () => {
  const dir = await temporaryDir()
  const scratch = await openScratchFolders(dir, OWNER)
  const first = await scratch.open()
  await rm(path.dirname(first.path), { recursive: true })

  const second = await scratch.open()

  expect(await readdir(path.dirname(first.path))).toEqual([path.basename(second.path)])
})

test('the scratch folders leave no files when they are disposed of', async () => {
  const dir = await temporaryDir()
  const scratch = await openScratchFolders(dir, OWNER)
  await scratch.open()

  await scratch[Symbol.asyncDispose]()

  expect(await readdir(dir)).toEqual([])
})

test('the scratch folders of killed workers on this machine are removed, and nothing else is', async () => {
  const dir = await temporaryDir()
  for (const name of [
    'svd-worker-gpu-1-6', // not running
    'svd-worker-gpu-1-7', // an earlier process of the same number
    'svd-worker-gpu-1-8', // running
    'svd-worker-gpu-2-6', // of another machine
    'svd-worker-gpu-1-x',
    'photos',
  ]) {
    await folderWithFile(dir, name)
  }

  await openScratchFolders(dir, OWNER)

  expect((await readdir(dir)).sort()).toEqual([
    'photos',
    'svd-worker-gpu-1-8',
    'svd-worker-gpu-1-x',
    'svd-worker-gpu-2-6',
  ])
})

test('the disposal of a folder that no longer exists throws no error', async () => {
  const dir = await temporaryDir()
  const scratch = await openScratchFolders(dir, OWNER)
  const folder = await scratch.open()
  await scratch[Symbol.asyncDispose]()

  await expect(folder[Symbol.asyncDispose]()).resolves.toBeUndefined()
})
