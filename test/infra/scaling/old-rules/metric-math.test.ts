import { describe, expect, test } from 'vitest'
import { evaluateMetricMath } from './metric-math.ts'

const at = (expression: string, values: Readonly<Record<string, number | undefined>>) =>
  evaluateMetricMath(expression, values, 'zero')

describe('metric math of one minute', () => {
  test('is arithmetic, with comparisons that are 0 or 1', () => {
    expect(at('(a + b) / 2 - 1 * 3', { a: 20, b: 4 })).toBe(9)
    expect([at('a < b', { a: 30, b: 20 }), at('a < b', { a: 0, b: 20 })]).toEqual([0, 1])
    expect(at('MAX([a, b])', { a: 30, b: 40 })).toBe(40)
  })

  test('takes a missing value for 0 beside a series that has one', () => {
    expect(at('a + b', { a: undefined, b: 4 })).toBe(4)
    // The example of the document: metric1 [30, 20, 0, 0] < metric2 [20, -, 20, -] is [0, 0, 1, 0].
    expect([at('a < b', { a: 20, b: undefined }), at('a < b', { a: 0, b: undefined })]).toEqual([0, 0])
  })

  test('has no data point where no series has a value, or a division is by zero', () => {
    expect(at('a + b', { a: undefined, b: undefined })).toBeUndefined()
    expect(at('a * 2', { a: undefined })).toBeUndefined()
    expect(at('a / b', { a: 1, b: undefined })).toBeUndefined()
  })

  test('fills what is missing', () => {
    expect([at('FILL(a, 7)', { a: undefined }), at('FILL(a, 7)', { a: 2 })]).toEqual([7, 2])
  })

  test('chooses by IF, and drops a minute without a condition', () => {
    const chosen = (a: number | undefined) => at('IF(a < 10, 5, b)', { a, b: 20 })
    expect([chosen(1), chosen(30), chosen(undefined)]).toEqual([5, 20, undefined])
  })

  test('has no value by the old reading as soon as one is missing', () => {
    expect(evaluateMetricMath('a + b', { a: undefined, b: 4 }, 'dropped')).toBeUndefined()
  })

  test('refuses what it does not know', () => {
    expect(() => at('RATE(a, 1)', { a: 1 })).toThrow('RATE is not implemented')
    expect(() => at('c + 1', { a: 1 })).toThrow('there is no metric c')
    expect(() => at('(a + 1', { a: 1 })).toThrow('expected )')
  })
})
