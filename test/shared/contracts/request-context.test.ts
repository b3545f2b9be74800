import { expect, test } from 'vitest'
import {
  contextFault,
  MAX_CONTEXT_BYTES,
  MAX_CONTEXT_DEPTH,
} from '../../../shared/contracts/request-context.ts'

const nested = (levels: number): Record<string, unknown> => (levels === 1 ? {} : { a: nested(levels - 1) })

/** A context of so many bytes as JSON: `{"a":"…"}` has eight besides its text. */
const ofBytes = (bytes: number) => ({ a: 'x'.repeat(bytes - 8) })

test('a context of any JSON values has no fault', () => {
  const context = { order: 7, price: 0.1, list: [1, null, true, 'é 😀'], deep: { a: { b: [] } }, '': -0.5 }
  expect(contextFault(context)).toBeNull()
  expect(contextFault({})).toBeNull()
})

test('a context at its limits of bytes and levels has no fault, and one above them has', () => {
  expect(contextFault(ofBytes(MAX_CONTEXT_BYTES))).toBeNull()
  expect(contextFault(ofBytes(MAX_CONTEXT_BYTES + 1))).toBe(
    'has 4097 bytes as compact JSON, more than the 4096 that are accepted; carry an id instead',
  )
  expect(contextFault(nested(MAX_CONTEXT_DEPTH))).toBeNull()
  expect(contextFault(nested(MAX_CONTEXT_DEPTH + 1))).toBe(
    'is nested more than 8 levels deep; flatten it, or carry an id instead',
  )
})

test('the size of a context is counted in bytes, not in characters', () => {
  expect(contextFault({ a: 'é'.repeat(2_045) })).toMatch(/^has 4098 bytes/)
})

test.each([
  ['a whole number that doubles round', { a: [{ b: 2 ** 53 }] }, /^has the number 9007199254740992, which/],
  ['a number beyond doubles', { a: JSON.parse('1e400') as unknown }, /^has the number Infinity, which/],
  ['half a surrogate pair as text', { a: '\ud800' }, /^has text with half a surrogate pair/],
  ['half a surrogate pair as a name', { '\udc00': 1 }, /^has text with half a surrogate pair/],
  ['a name that parsers drop', JSON.parse('{"a":{"__proto__":1}}') as object, /^has the name "__proto__"/],
])('a context with %s is a fault, because it could not be returned unchanged', (_, context, message) => {
  expect(contextFault(context as Record<string, unknown>)).toMatch(message)
})
