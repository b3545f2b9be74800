import { describe, expect, test } from 'vitest'
import {
  isImageSequence,
  sourceFormatOf,
  sourceFormatOfName,
} from '../../../../worker/client/convert/source-format.ts'

/** The box with which a HEIF container begins, and one byte of the next. */
const ftyp = (major: string, ...compatible: readonly string[]): Buffer => {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(16 + 4 * compatible.length)
  return Buffer.concat([size, Buffer.from(`ftyp${major}\0\0\0\0${compatible.join('')}m`, 'latin1')])
}

describe('the format of a file by its first bytes', () => {
  test.each([
    ['AVIF', ftyp('avif', 'avif', 'mif1', 'miaf')],
    ['AVIF', ftyp('mif1', 'avif', 'miaf')],
    ['AVIF', ftyp('avis', 'msf1')],
    ['HEIC', ftyp('heic', 'mif1', 'heic')],
    ['HEIC', ftyp('mif1', 'mif1')],
    ['TIFF', Buffer.from('II*\0\x08\0\0\0', 'latin1')],
    ['TIFF', Buffer.from('MM\0*\0\0\0\x08', 'latin1')],
    ['TIFF', Buffer.from('II+\0\x08\0\0\0', 'latin1')],
    [null, ftyp('isom', 'isom', 'avc1', 'mp41')],
    [null, Buffer.concat([ftyp('isom'), Buffer.from('avif')])],
    [null, Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')],
    [null, Buffer.from('ft')],
    [null, Buffer.alloc(0)],
  ])('is %s in case %#', (format, bytes) => {
    expect(sourceFormatOf(bytes)).toBe(format)
  })
})

test.each([
  ['a.avif', 'AVIF'],
  ['a.TIF', 'TIFF'],
  ['a.tiff', 'TIFF'],
  ['a.HEIC', 'HEIC'],
  ['a.heif', 'HEIC'],
  ['a.avif.png', null],
  ['avif', null],
])('sourceFormatOfName(%j) returns %j', (name, format) => {
  expect(sourceFormatOfName(name)).toBe(format)
})

test('a sequence of images is recognized by its major brand', () => {
  expect(isImageSequence(ftyp('avis', 'avif', 'msf1'))).toBe(true)
  expect(isImageSequence(ftyp('avif', 'mif1', 'avis'))).toBe(false)
})
