import { describe, expect, test } from 'vitest'
import { hashPixels } from '../../../shared/contracts/job-id.ts'
import type { SourceFormat } from '../../../worker/client/convert/source-format.ts'
import { openImageSource } from '../../../worker/clips/image-source.ts'
import { somePixels } from '../../fixtures/images.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

const PNG_BYTES = 100

/** Files of one kind, whose bytes tell how they came, and what was done with them. */
const someFiles = (convertedFrom: SourceFormat | null) => {
  const calls: string[] = []
  const bytes = (how: string): Uint8Array => Buffer.from(how.padEnd(PNG_BYTES))
  return {
    calls,
    files: {
      async decode(file: string) {
        calls.push(`decode ${file}`)
        const readBytes = async (): Promise<Uint8Array> => {
          calls.push(`encode ${file}`)
          return bytes(`decoded ${file}`)
        }
        return { image: somePixels({ seed: file.length }), convertedFrom, readBytes }
      },
      async read(file: string) {
        calls.push(`read ${file}`)
        return { bytes: bytes(`read ${file}`), convertedFrom }
      },
    },
  }
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString().trimEnd()

describe('an image that is converted', () => {
  test('is decoded once, for its check and for the clips of all seeds', async () => {
    const { calls, files } = someFiles('AVIF')
    const source = openImageSource(PNG_BYTES, files)
    expect(await source.check('a', unaborted)).toBe(hashPixels(somePixels({ seed: 1 })))
    for (let seed = 0; seed < 3; seed++) expect(textOf(await source.read('a', unaborted))).toBe('decoded a')
    expect(calls).toEqual(['decode a', 'encode a'])
  })

  test('beyond the bytes that are kept is decoded again, once for all seeds', async () => {
    const { calls, files } = someFiles('TIFF')
    const source = openImageSource(2 * PNG_BYTES, files)
    for (const image of ['a', 'b', 'c', 'd']) await source.check(image, unaborted)
    // The third shows that no more fit. No PNG is made of the fourth.
    const checks = ['decode a', 'encode a', 'decode b', 'encode b', 'decode c', 'encode c', 'decode d']
    expect(calls).toEqual(checks)
    for (const image of ['a', 'a', 'b', 'c', 'c', 'd', 'd']) await source.read(image, unaborted)
    expect(calls.slice(checks.length)).toEqual(['read c', 'read d'])
  })

  test('is not kept after another was read', async () => {
    const { calls, files } = someFiles('AVIF')
    const source = openImageSource(PNG_BYTES, files)
    await source.check('a', unaborted)
    for (const image of ['a', 'b', 'a']) await source.read(image, unaborted)
    expect(calls).toEqual(['decode a', 'encode a', 'read b', 'read a'])
  })
})

test('a PNG, JPEG or WebP is never kept: its file is read as it is', async () => {
  const { calls, files } = someFiles(null)
  const source = openImageSource(PNG_BYTES, files)
  await source.check('a', unaborted)
  for (let seed = 0; seed < 2; seed++) expect(textOf(await source.read('a', unaborted))).toBe('read a')
  expect(calls).toEqual(['decode a', 'read a', 'read a'])
})
