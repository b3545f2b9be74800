import { describe, expect, test } from 'vitest'
import { decodeUtf8 } from '../../../shared/json/utf8-text.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('UTF-8 text', () => {
  test.each(['', 'a', '{"ä": "🎬"}', '\u0000'])('%j is decoded unchanged', (text) => {
    expect(decodeUtf8('document', utf8(text))).toBe(text)
  })

  test('loses its byte order mark', () => {
    expect(decodeUtf8('document', utf8('\ufeff{}'))).toBe('{}')
  })
})

describe('text that is not UTF-8 is refused', () => {
  test.each([
    ['UTF-16', Buffer.from('{}', 'utf16le')],
    ['UTF-16', Buffer.from('\ufeff{}', 'utf16le')],
    ['UTF-16', Buffer.from('{}', 'utf16le').swap16()],
    ['UTF-16', Buffer.from('\ufeff{}', 'utf16le').swap16()],
    ['UTF-32', Uint8Array.of(0x7b, 0, 0, 0, 0x7d, 0, 0, 0)],
    ['UTF-32', Uint8Array.of(0, 0, 0, 0x7b, 0, 0, 0, 0x7d)],
    ['UTF-32', Uint8Array.of(0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0)],
    ['UTF-32', Uint8Array.of(0, 0, 0xfe, 0xff, 0, 0, 0, 0x7b)],
  ])('as %s: %o', (encoding, bytes) => {
    expect(() => decodeUtf8('document', bytes)).toThrow(`document: is ${encoding} text; save it as UTF-8`)
  })

  test('without the name of an encoding when that is unknown', () => {
    expect(() => decodeUtf8('line', Uint8Array.of(0x61, 0xe4, 0x62))).toThrow('line: is not UTF-8 text')
  })
})
