import { describe, expect, test } from 'vitest'
import { evaluateMetricMath } from './metric-math.ts'

const at = (expression: string, values: Readonly<Record<string, number | undefined>>) =>
  evaluateMetricMath(expression, values, 'zero')

describe('evaluateMetricMath', () => {
  test('computes arithmetic, with comparisons that are 0 or 1', () => {
    expect(at('(a + b) / 2 - 1 * 3', { a: 20, b: 4 })).toBe(9)
    expect([at('a < b', { a: 30, b: 20 }), at('a < b', { a: 0, b: 20 })]).toEqual([0, 1])
    expect(at('MAX([a, b])', { a: 30, b: 40 })).toBe(40)
  })

  test('reads a missing value as 0 beside a series that has a value', () => {
    expect(at('a + b', { a: undefined, b: 4 })).toBe(4)
    // The example of the document: metric1 [30, 20, 0, 0] < metric2 [20, -, 20, -] is [0, 0, 1, 0].
    expect([at('a < b', { a: 20, b: undefined }), at('a < b', { a: 0, b: undefined })]).toEqual([0, 0])
  })

  test('returns no data point where no series has a value, or a division is by zero', () => {
    expect(at('a + b', { a: undefined, b: undefined })).toBeUndefined()
    expect(at('a * 2', { a: undefined })).toBeUndefined()
    expect(at('a / b', { a: 1, b: undefined })).toBeUndefined()
  })

  test('fills missing values by FILL', () => {
    expect([at('FILL(a, 7)', { a: undefined }), at('FILL(a, 7)', { a: 2 })]).toEqual([7, 2])
  })

  test('chooses by IF, and returns no data point without a condition', () => {
    const chosen = (a: number | undefined) => at('IF(a < 10, 5, b)', { a, b: 20 })
    expect([chosen(1), chosen(30), chosen(undefined)]).toEqual([5, 20, undefined])
  })

  test('returns no value by the old reading if any value is missing', () => {
    expect(evaluateMetricMath('a + b', { a: undefined, b: 4 }, 'dropped')).toBeUndefined()
  })

  test('refuses an unknown function, an unknown metric and a syntax error', () => {
    expect(() => at('RATE(a, 1)', { a: 1 })).toThrow('RATE is not implemented')
    expect(() => at('c + 1', { a: 1 })).toThrow('there is no metric c')
    expect(() => at('(a + 1', { a: 1 })).toThrow('expected )')
  })
})
