import { mkdir, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { makeFolders } from '../../../shared/files/make-folders.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

test('makes what is missing, and tells what it made, the outermost first', async () => {
  const dir = await temporaryDir()
  await mkdir(path.join(dir, 'a'))
  const made: string[] = []
  await makeFolders(path.join(dir, 'a/b/c'), (folder) => made.push(path.relative(dir, folder)))
  expect(made).toEqual([path.join('a', 'b'), path.join('a', 'b', 'c')])
  expect((await stat(path.join(dir, 'a/b/c'))).isDirectory()).toBe(true)
})

test('is content with what others make at the same time', async () => {
  const folder = path.join(await temporaryDir(), 'a/b/c')
  const made: string[] = []
  await Promise.all(Array.from({ length: 8 }, () => makeFolders(folder, (one) => made.push(one))))
  expect(made).toHaveLength(3)
})

test.runIf(process.platform === 'linux')(
  'fails below /proc, where a recursive mkdir never ends',
  async () => {
    await expect(makeFolders('/proc/nope/deep')).rejects.toThrow('ENOENT')
  },
)

test('fails below a file', async () => {
  const file = path.join(await temporaryDir(), 'file')
  await writeFile(file, '')
  await expect(makeFolders(path.join(file, 'below'))).rejects.toThrow('ENOTDIR')
})
