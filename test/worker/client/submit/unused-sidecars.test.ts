import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { findUnusedSidecars } from '../../../../worker/client/submit/unused-sidecars.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'

test('findUnusedSidecars returns only files beside images that could be their sidecars', async () => {
  const folder = await temporaryDir()
  const at = (name: string): string => path.join(folder, name)
  await mkdir(at('other'))
  for (const name of ['x.png', 'x.json', 'x.png.json', 'y.jpg', 'z.json', 'other/y.json', 'manifest.json'])
    await writeFile(at(name), '{}')
  expect((await findUnusedSidecars([at('x.png'), at('y.jpg')])).toSorted()).toEqual([
    ...[at('x.json'), at('x.png.json')],
  ])
})

test('findUnusedSidecars omits a file that is submitted itself, such as a manifest', async () => {
  const folder = await temporaryDir()
  const at = (name: string): string => path.join(folder, name)
  for (const name of ['x.png', 'x.json']) await writeFile(at(name), '{}')
  expect(await findUnusedSidecars([at('x.png'), at('x.json')])).toEqual([])
})
