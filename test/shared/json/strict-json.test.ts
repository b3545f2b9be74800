import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseStrictJson } from '../../../shared/json/strict-json.ts'

const LIMITS = { maxDepth: 3, maxItems: 10, fix: 'save it again' }

const parse = (text: string): unknown => parseStrictJson('a.json', text, LIMITS)

describe('parseStrictJson', () => {
  test('returns what JSON.parse returns for any JSON value', () => {
    const limits = { ...LIMITS, maxDepth: 100, maxItems: 1e6 }
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseStrictJson('a.json', text, limits)).toEqual(JSON.parse(text))
      }),
    )
  })

  test('refuses a key that an object has twice', () => {
    expect(() => parse('{"a": 1, "b": 2, "a": 3}')).toThrow('a.json: has the key "a" twice')
  })

  test('refuses a key that an object has twice in different spellings', () => {
    expect(() => parse('{"a": 1, "\\u0061": 3}')).toThrow('has the key "a" twice')
  })

  test('accepts equal keys in different objects, and strings that look like keys or brackets', () => {
    expect(parse('{"a": {"a": "a"}, "b": ["}", "\\":", "a"]}')).toEqual({
      a: { a: 'a' },
      b: ['}', '":', 'a'],
    })
  })

  test('refuses deep nesting before it builds any value', () => {
    expect(() => parse('['.repeat(4))).toThrow('nested more than 3 levels')
  })

  test('refuses more items than its limit', () => {
    expect(() => parse(`[${'1,'.repeat(11)}1]`)).toThrow('more than 10 items')
  })

  test('reports the fault and the fix for text that is not JSON', () => {
    expect(() => parse('{"a": NaN}')).toThrow(/a\.json: is not JSON \(.*NaN.*\); save it again$/)
  })
})
