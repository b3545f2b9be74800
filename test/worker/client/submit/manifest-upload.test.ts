import { mkdir, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { MAX_MANIFEST_BYTES } from '../../../../shared/contracts/manifest.ts'
import { checkManifest, imagesOfManifest } from '../../../../worker/client/submit/manifest-upload.ts'
import { aJpeg, aPng } from '../../../fixtures/images.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'

/** A folder with these files, and the path of each. */
const aFolder = async (files: Readonly<Record<string, string | Uint8Array>>) => {
  const folder = await temporaryDir()
  const at = (name: string): string => path.join(folder, name)
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(at(name)), { recursive: true })
    await writeFile(at(name), content)
  }
  return { folder, at }
}

describe('a manifest', () => {
  const LINES = { key: 'manifests/p/m.jsonl', kind: 'jsonl' } as const

  test('is uploaded unchanged, and its images are listed once, in Unicode form NFC', async () => {
    const text = ['cup', 'cafe\u0301', 'cup', 'caf\u00e9']
      .map((name) => `{"image": "images/${name}.png"}\n`)
      .join('')
    const { at } = await aFolder({ 'm.jsonl': text })
    expect(await checkManifest(at('m.jsonl'), LINES)).toEqual({
      upload: {
        ...{ name: at('m.jsonl'), key: 'manifests/p/m.jsonl', body: Buffer.from(text) },
        ...{ contentType: 'application/json', metadata: {} },
      },
      imageKeys: ['images/cup.png', 'images/caf\u00e9.png'],
      clips: expect.any(Function),
    })
  })

  test('is refused with its first 20 faults, one on each line, and the number of other faults', async () => {
    const items = Array.from({ length: 22 }, () => '{"image": "images/a.png", "parameters": {"fps": 0}}')
    const { at } = await aFolder({ 'm.jsonl': items.join('\n') })
    const refused = await checkManifest(at('m.jsonl'), LINES).catch((error: Error) => error.message)
    const lines = String(refused).split('\n')
    expect(lines).toHaveLength(21)
    expect(lines[0]).toMatch(/m\.jsonl: line 1, parameters\.fps: got 0; must be /)
    expect(lines[19]).toMatch(/m\.jsonl: line 20, parameters\.fps: got 0; must be /)
    expect(lines[20]).toBe(`${at('m.jsonl')}: and 2 more faults`)
  })

  test('that is too large is refused before it is read', async () => {
    const { at } = await aFolder({ 'm.jsonl': '' })
    await truncate(at('m.jsonl'), MAX_MANIFEST_BYTES + 1)
    await expect(checkManifest(at('m.jsonl'), LINES)).rejects.toThrow(
      `m.jsonl: has ${MAX_MANIFEST_BYTES + 1} bytes, more than the ${MAX_MANIFEST_BYTES} that are accepted; split it`,
    )
  })
})

describe('the images of a manifest', () => {
  const images = (keys: readonly string[], folder: string, scratchDir = folder) =>
    imagesOfManifest(keys, folder, { scratchDir, onScaled() {} })

  test('are the files of a local folder under the same keys, with the mark of a manifest', async () => {
    const png = await aPng()
    const { folder, at } = await aFolder({ 'a/cup.PNG': png, 'not-named.png': png })
    expect(await images(['images/a/cup.png'], folder)).toEqual([
      {
        ...{ name: at('a/cup.PNG'), key: 'images/a/cup.png', contentType: 'image/png' },
        ...{ body: { path: at('a/cup.PNG'), sizeBytes: png.length }, metadata: { 'svd-use': 'manifest' } },
      },
    ])
  })

  test('that are missing in the folder are an error', async () => {
    const { folder, at } = await aFolder({})
    await expect(images(['images/a/cup.png'], folder)).rejects.toThrow(
      `--images: there is no ${at('a/cup.png')}, which the manifest names as images/a/cup.png`,
    )
  })

  test('that match several files are an error', async () => {
    const { folder } = await aFolder({ 'cup.PNG': '', 'cup.Png': '' })
    await expect(images(['images/cup.png'], folder)).rejects.toThrow(
      `--images: 'cup.PNG' and 'cup.Png' in ${folder} may each be what the manifest names as images/cup.png; keep one`,
    )
  })

  test('whose format differs from their name are an error', async () => {
    const { folder, at } = await aFolder({ 'cup.png': await aJpeg() })
    await expect(images(['images/cup.png'], folder)).rejects.toThrow(
      `${at('cup.png')}: is no .png file by its first bytes; rename it and its key`,
    )
  })
})
