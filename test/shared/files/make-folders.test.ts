import { mkdir, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { makeFolders } from '../../../shared/files/make-folders.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

test('makeFolders makes missing folders and reports each, the outermost first', async () => {
  const dir = await temporaryDir()
  await mkdir(path.join(dir, 'a'))
  const made: string[] = []
  await makeFolders(path.join(dir, 'a/b/c'), (folder) => made.push(path.relative(dir, folder)))
  expect(made).toEqual([path.join('a', 'b'), path.join('a', 'b', 'c')])
  expect((await stat(path.join(dir, 'a/b/c'))).isDirectory()).toBe(true)
})

test('makeFolders succeeds when eight calls make the same folders at once, and reports each folder once', async () => {
  const folder = path.join(await temporaryDir(), 'a/b/c')
  const made: string[] = []
  await Promise.all(Array.from({ length: 8 }, () => makeFolders(folder, (one) => made.push(one))))
  expect(made).toHaveLength(3)
})

test.runIf(process.platform === 'linux')(
  'makeFolders fails below /proc, where a recursive mkdir of Node does not end',
  async () => {
    await expect(makeFolders('/proc/nope/deep')).rejects.toThrow('ENOENT')
  },
)

test('makeFolders fails below a file', async () => {
  const file = path.join(await temporaryDir(), 'file')
  await writeFile(file, '')
  await expect(makeFolders(path.join(file, 'below'))).rejects.toThrow('ENOTDIR')
})
