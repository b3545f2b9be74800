import { expect, test } from 'vitest'
import { readArgumentText, readNumber, readNumbers } from '../../../shared/contracts/argument-text.ts'

test.each([
  ['12', 12],
  ['-3', -3],
  ['+3', 3],
  ['.5', 0.5],
  ['5.', 5],
  ['1e3', 1000],
  ['2.5E-2', 0.025],
])('%s is a number', (text, number) => {
  expect(readNumber(text)).toBe(number)
})

test.each(['', ' ', '12abc', 'NaN', 'Infinity', '0x10', '1_000', '1,5', '--5', 'e3', '.'])(
  '%j is none, and stays as typed',
  (text) => {
    expect(readNumber(text)).toBe(text)
  },
)

test('a list is read whole or not at all', () => {
  expect(readNumbers('700, 15.6,0')).toEqual([700, 15.6, 0])
  expect(readNumbers('700,,0')).toBe('700,,0')
  expect(readNumbers('')).toBe('')
})

test.each([
  ['format', 'mp4 , gif', 'mp4,gif'],
  ['loop', 'true', true],
  ['loop', 'false', false],
  ['loop', 'yes', 'yes'],
  ['metadata', 'false', false],
  ['crf', '23', 23],
] as const)('the %s %j is read as %j', (name, text, read) => {
  expect(readArgumentText(name, text)).toBe(read)
})
