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

test('gives each attempt a folder of its own, and removes it with all that is in it', async () => {
  const dir = await temporaryDir()
  const scratch = await openScratchFolders(dir, OWNER)

  const first = await scratch.open()
  const second = await scratch.open()
  await writeFile(path.join(first.path, 'video.mp4'), 'x')
  await first[Symbol.asyncDispose]()

  expect(first.path).not.toBe(second.path)
  expect(await readdir(path.join(dir, 'svd-worker-gpu-1-7'))).toEqual([path.basename(second.path)])
})

test('waits for the same removal where a folder is disposed of again', async () => {
  const dir = await temporaryDir()
  const scratch = await openScratchFolders(dir, OWNER)
  const folder = await scratch.open()

  const removals = [folder[Symbol.asyncDispose](), folder[Symbol.asyncDispose]()]
  expect(removals[0]).toBe(removals[1])
  await removals[0]

  expect(await readdir(path.dirname(folder.path))).toEqual([])
})

test('makes the folder above anew where it was removed meanwhile', async () => {
  const dir = await temporaryDir()
  const scratch = await openScratchFolders(dir, OWNER)
  const first = await scratch.open()
  await rm(path.dirname(first.path), { recursive: true })

  const second = await scratch.open()

  expect(await readdir(path.dirname(first.path))).toEqual([path.basename(second.path)])
})

test('leaves nothing when it ends', async () => {
  const dir = await temporaryDir()
  const scratch = await openScratchFolders(dir, OWNER)
  await scratch.open()

  await scratch[Symbol.asyncDispose]()

  expect(await readdir(dir)).toEqual([])
})

test('removes what killed workers of this machine left, and nothing else', async () => {
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

test('a folder that is gone already is removed without a word', async () => {
  const dir = await temporaryDir()
  const scratch = await openScratchFolders(dir, OWNER)
  const folder = await scratch.open()
  await scratch[Symbol.asyncDispose]()

  await expect(folder[Symbol.asyncDispose]()).resolves.toBeUndefined()
})
