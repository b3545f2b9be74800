import { existsSync } from 'node:fs'
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  assertFolderUsable,
  folderFault,
  makeFolder,
  removeEmptyFolders,
} from '../../../shared/files/output-folder.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const aFolder = async () => {
  const folder = await temporaryDir()
  return { folder, at: (name: string): string => path.join(folder, name) }
}

test('makeFolder makes an output folder with its parents and returns those that it made', async () => {
  const { folder, at } = await aFolder()
  await mkdir(at('a'))
  await assertFolderUsable('--output', at('a/b/c'))
  expect(await readdir(folder, { recursive: true })).toEqual(['a'])
  expect(await makeFolder('--output', at('a/b/c'))).toEqual([at('a/b'), at('a/b/c')])
  expect(await makeFolder('--output', at('a/b/c'))).toEqual([])
})

test('removeEmptyFolders keeps folders that are not empty', async () => {
  const { folder, at } = await aFolder()
  const made = await makeFolder('--output', at('a/b/c'))
  await writeFile(at('a/kept'), '')
  await removeEmptyFolders(made)
  expect((await readdir(folder, { recursive: true })).sort()).toEqual(['a', 'a/kept'])
})

describe('an unusable output folder is an error that names its option and the reason', () => {
  test.each([
    ['a file', 'file', 'a file has that name'],
    ['a folder below a file', 'file/x/y', 'a file has that name'],
    ['a link to itself', 'loop', 'its symbolic links lead in a circle'],
    ['a folder below a link to itself', 'loop/x', 'its symbolic links lead in a circle'],
    ['a link without a target', 'gone', 'no folder can be made there'],
    ['a name that is too long', 'n'.repeat(256), 'its name is too long'],
  ])('for %s', async (_, name, reason) => {
    const { folder, at } = await aFolder()
    await writeFile(at('file'), '')
    await symlink('loop', at('loop'))
    await symlink('nowhere', at('gone'))
    const expected = `--frames-dir: the folder ${at(name)} cannot be used (${reason}); choose another`
    await expect(assertFolderUsable('--frames-dir', at(name))).rejects.toThrow(expected)
    await expect(makeFolder('--frames-dir', at(name))).rejects.toMatchObject({
      name: 'InvalidInputError',
      field: '--frames-dir',
      message: expected,
    })
    expect((await readdir(folder)).sort()).toEqual(['file', 'gone', 'loop'])
  })

  test.skipIf(!existsSync('/proc/self'))(
    'for a folder below /proc, where a recursive mkdir of Node does not end',
    async () => {
      await expect(makeFolder('--output', '/proc/nope/deeper')).rejects.toThrow(
        /^--output: the folder \/proc\/nope\/deeper cannot be used/,
      )
    },
  )

  // Root always has permission, so these errors cannot be caused on every file system.
  test.each([
    ['EACCES', 'there is no permission to write there'],
    ['EPERM', 'there is no permission to write there'],
    ['EROFS', 'its file system is read-only'],
    ['ENOSPC', 'the disk is full'],
    ['EIO', 'EIO'],
  ])('for the error %s', (code, reason) => {
    const { message } = folderFault('--output', 'o', Object.assign(new Error('no'), { code }))
    expect(message).toBe(`--output: the folder o cannot be used (${reason}); choose another`)
  })
})
