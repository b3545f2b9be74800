import { describe, expect, test } from 'vitest'
import { customSigmasSchema } from '../../../shared/contracts/custom-sigmas.ts'
import { parseRenderArguments } from '../../../shared/contracts/render-arguments.ts'

const messagesOf = (sigmas: unknown): readonly string[] =>
  customSigmasSchema.safeParse(sigmas).error?.issues.map(({ message }) => message) ?? []

describe('customSigmasSchema', () => {
  test.each([
    ['a negative value', [5, -1], /^value 2 of 2, -1, is negative$/],
    ['zero before the end', [5, 0, 0], /^value 2 of 3, 0, is 0, which only the last value may be$/],
    ['zero in float32 before the end', [5, 1e-60, 0], /^value 2 of 3, 1e-60, is 0/],
    ['a rising value', [5, 6, 0], /^value 2 of 3, 6, is not below the value before it, 5$/],
    ['equal values in float32', [1 + 1e-12, 1, 0], /^value 2 of 3, 1, is not below/],
    ['a value whose square overflows', [1e20, 0], /^value 1 of 2, 100000000000000000000, is too large/],
  ])('refuses %s and names the value', (_, sigmas, message) => {
    expect(messagesOf(sigmas)).toEqual([expect.stringMatching(message)])
    expect(() => parseRenderArguments({ sigmas })).toThrow(
      /^sigmas: got \[.*\] \(value \d of \d, .*\); must be the name/,
    )
  })

  test.each([
    ['fewer than two values', [5]],
    ['no value', []],
    ['a value that is not a number', [5, Number.NaN, 0]],
    ['an infinite value', [Number.POSITIVE_INFINITY, 0]],
  ])('refuses %s', (_, sigmas) => {
    expect(messagesOf(sigmas)).toHaveLength(1)
  })
})

test.each([[[700, 0]], [[700, 15.6, 0.5]], [[2 ** 63, 1e-30, 0]]])('%j are valid sigmas', (sigmas) => {
  expect(customSigmasSchema.parse(sigmas)).toEqual(sigmas)
})
