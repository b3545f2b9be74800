import { describe, expect, test } from 'vitest'
import {
  cutToBytes,
  fitForName,
  MAX_STEM_BYTES,
  stemFault,
} from '../../../../worker/client/download/file-names.ts'

describe('stemFault', () => {
  test.each(['cup', 'cup-7c12e969', 'Tasse größer', 'a.b', 'console', '杯子', '.hidden', 'com10'])(
    'accepts %j',
    (stem) => {
      expect(stemFault(stem)).toBeNull()
    },
  )

  test.each([
    ['a/b', "has a '/', which separates folders"],
    ['a\\b', "has a '\\', which separates folders"],
    ['a..b', "has '..', which may name the folder above"],
    ['a:b', "has the character ':', which Windows refuses"],
    ['a\nb', "has the character '\\u000a', which Windows refuses"],
    ['', 'is empty'],
    ['.', 'is empty'],
    [' cup', 'begins or ends with a space'],
    ['NUL', 'is NUL, which Windows keeps for a device'],
    ['con.x', 'is CON, which Windows keeps for a device'],
    ['LPT¹', 'is LPT¹, which Windows keeps for a device'],
  ])('refuses %j', (stem, fault) => {
    expect(stemFault(stem)).toBe(fault)
  })

  test('accepts as many bytes as leave room for the longest ending, and no more', () => {
    expect(stemFault('x'.repeat(MAX_STEM_BYTES))).toBeNull()
    // 2 bytes each.
    expect(stemFault('ü'.repeat(123))).toBe(
      'has 246 bytes; at most 244 fit, because a name may have 255 with its ending',
    )
  })
})

test.each([
  ['a/b:c', 'a_b_c'],
  ['a..b', 'a__b'],
  ['nul', '_nul'],
  [' a ', '_a_'],
  ['cup', 'cup'],
])('fitForName turns %j into the valid name %j', (text, fit) => {
  expect(fitForName(text)).toBe(fit)
  expect(stemFault(fit)).toBeNull()
})

test('cutToBytes cuts a text between characters', () => {
  expect(cutToBytes('größe', 4)).toBe('grö')
  expect(cutToBytes('größe', 3)).toBe('gr')
})
