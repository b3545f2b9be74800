import { describe, expect, test } from 'vitest'
import { sameFileKey } from '../../../shared/files/same-file-key.ts'

describe('two names share a key', () => {
  test.each([
    ['IMG', 'img', 'their letters differ in case'],
    ['caf\u00e9', 'cafe\u0301', 'one is composed and the other decomposed'],
    ['CAF\u00c9', 'cafe\u0301', 'they differ in case and in Unicode form'],
    ['ΟΔΟΣ', 'οδος', 'one ends in a final sigma'],
    ['οδοσ', 'οδος', 'only the form of a sigma differs'],
    ['Straße', 'STRASSE', 'a letter has two letters as its capital'],
    ['\u1e9e', 'ß', 'a capital letter is rarely used'],
    ['\u212a', 'k', 'a sign has the same small letter'],
  ])('%j and %j, because %s', (one, other) => {
    expect(sameFileKey(one)).toBe(sameFileKey(other))
  })
})

test.each([
  ['cup', 'cups'],
  ['cafe', 'café'],
  ['a-1', 'a_1'],
])('%j and %j have different keys', (one, other) => {
  expect(sameFileKey(one)).not.toBe(sameFileKey(other))
})

test('the key of a name is its own key', () => {
  for (const name of ['ΟΔΟΣ', 'Straße', 'İı', 'CAF\u00c9'])
    expect(sameFileKey(sameFileKey(name))).toBe(sameFileKey(name))
})
