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
])('%s is read as a number', (text, number) => {
  expect(readNumber(text)).toBe(number)
})

test.each(['', ' ', '12abc', 'NaN', 'Infinity', '0x10', '1_000', '1,5', '--5', 'e3', '.'])(
  '%j is not read as a number and stays text',
  (text) => {
    expect(readNumber(text)).toBe(text)
  },
)

test('a list of numbers is read as a whole, or stays text', () => {
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
] as const)('the argument %s with the text %j is read as %j', (name, text, read) => {
  expect(readArgumentText(name, text)).toBe(read)
})
