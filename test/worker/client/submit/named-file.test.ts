import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { findNamedFiles } from '../../../../worker/client/submit/named-file.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'

const NFC = 'caf\u00e9'
const NFD = 'cafe\u0301'

const aFolder = async (...files: readonly string[]) => {
  const folder = await temporaryDir()
  for (const file of files) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
    await writeFile(path.join(folder, file), '')
  }
  return async (name: string) =>
    (await findNamedFiles(folder, name)).map((file) => path.relative(folder, file)).toSorted()
}

test.each([
  ['the same name', 'a/cup.png', 'a/cup.png'],
  ['a name whose ending has another case', 'a/cup.PNG', 'a/cup.png'],
  ['a name in another Unicode form', `a/${NFD}.png`, `a/${NFC}.png`],
  ['a path whose folder has another Unicode form', `${NFD}/cup.png`, `${NFC}/cup.png`],
])('a file is found by %s', async (_, file, name) => {
  const find = await aFolder(file)
  expect(await find(name)).toEqual([file])
})

test.each([
  ['that does not exist', 'a/cat.png'],
  ['in a folder that does not exist', 'b/cup.png'],
  ['in a folder whose ending has another case', 'b.png/cup.png'],
  ['below a file', 'a/cup.png/cup.png'],
])('no file is found by a name %s', async (_, name) => {
  const find = await aFolder('a/cup.png', 'b.PNG/cup.png')
  expect(await find(name)).toEqual([])
})

test('all files that match a name are returned', async () => {
  const find = await aFolder('cup.PNG', 'cup.Png')
  expect(await find('cup.png')).toEqual(['cup.PNG', 'cup.Png'])
})
