import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { expandInputs } from '../../../worker/cli/expand-inputs.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const aFolder = async (...files: readonly string[]) => {
  const folder = await temporaryDir()
  for (const file of files) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
    await writeFile(path.join(folder, file), 'x')
  }
  const expanded = async (...inputs: readonly string[]): Promise<readonly string[]> =>
    (await expandInputs(inputs.map((input) => path.join(folder, input)))).map((file) =>
      path.relative(folder, file),
    )
  return { folder, expanded }
}

test('a folder expands to its own images in numeric order, without hidden files and subfolders', async () => {
  const { expanded } = await aFolder(
    'a/10.png',
    'a/9.JPG',
    'a/b.webp',
    'a/b.webp.json',
    'a/.c.png',
    'a/in/d.png',
  )
  expect(await expanded('a')).toEqual(['a/9.JPG', 'a/10.png', 'a/b.webp'])
})

test('a folder expands to images that can be converted, and to a HEIC file only without its PNG', async () => {
  const { expanded } = await aFolder('a/1.avif', 'a/2.TIF', 'a/3.heic', 'a/4.HEIC', 'a/4.png', 'a/5.nef')
  expect(await expanded('a')).toEqual(['a/1.avif', 'a/2.TIF', 'a/3.heic', 'a/4.png'])
  expect(await expanded('a/4.HEIC')).toEqual(['a/4.HEIC'])
})

test('a pattern expands to the matching files, in subfolders too', async () => {
  const { expanded } = await aFolder('a/10.png', 'a/9.png', 'a/in/8.png', 'a/x.png/y.txt')
  expect(await expanded('a/**/*.png')).toEqual(['a/9.png', 'a/10.png', 'a/in/8.png'])
})

test('a file is listed once, at its first position, even with pattern characters in its name', async () => {
  const { expanded } = await aFolder('a/[1].png', 'a/2.png')
  expect(await expanded('a/[1].png', 'a', 'a/2.png')).toEqual(['a/[1].png', 'a/2.png'])
})

test('a missing file stays in the list, because a later check reports it', async () => {
  const { expanded } = await aFolder()
  expect(await expanded('a.png')).toEqual(['a.png'])
})

test('a folder without images is refused', async () => {
  const { expanded, folder } = await aFolder('a/in/b.png', 'a/c.txt')
  await expect(expanded('a')).rejects.toThrow(
    `${folder}/a: is a folder without PNG, JPEG, WebP, AVIF, TIFF or HEIC files; for those in its folders, give a pattern in quotes: ` +
      `'${folder}/a/**/*.jpg'`,
  )
})

test('a pattern without matches is refused', async () => {
  const { expanded, folder } = await aFolder()
  await expect(expanded('*.png')).rejects.toThrow(`${folder}/*.png: matches no file; check the path`)
})
