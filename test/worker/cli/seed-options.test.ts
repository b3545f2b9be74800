import { describe, expect, test } from 'vitest'
import { chooseSeeds, parseSeeds } from '../../../worker/cli/seed-options.ts'

describe('parseSeeds', () => {
  test.each([
    ['1..4', [1n, 2n, 3n, 4n]],
    ['9,1,5', [9n, 1n, 5n]],
    ['1..3, 7 ,2', [1n, 2n, 3n, 7n]],
    ['-2..1', [-2n, -1n, 0n, 1n]],
    ['18446744073709551615', [18446744073709551615n]],
    ['5..5', [5n]],
  ])('lists each seed of %s once, in order', (text, seeds) => {
    expect(parseSeeds(text)).toEqual(seeds)
  })

  const RULE =
    'must be seeds between commas, or ranges such as 1..8, each a whole number from -2^63 to 2^64 - 1, ' +
    'in all at most 1000'

  test.each([
    ['', `got ''; ${RULE}`],
    ['1,', `got '1,'; ${RULE}`],
    ['1-8', `got '1-8'; ${RULE}`],
    ['random', `got 'random'; ${RULE}`],
    ['8..1', `got '8..1', and 8..1 falls; write 1..8; ${RULE}`],
    ['1..1001', `got '1..1001', which are 1001; ${RULE}`],
    ['0..18446744073709551615', `got '0..18446744073709551615', which are 18446744073709551616; ${RULE}`],
    [
      '1,18446744073709551616',
      `got '1,18446744073709551616', and 18446744073709551616 is out of range; ${RULE}`,
    ],
  ])('refuses %j', (text, message) => {
    expect(() => parseSeeds(text)).toThrow(`--seeds: ${message}`)
  })

  test('accepts 1000 seeds', () => {
    expect(parseSeeds('1..1000')).toHaveLength(1000)
  })
})

describe('--seed random', () => {
  test('draws one seed, replaces the option by it, and prints it', () => {
    expect(chooseSeeds({ seed: 'random', fps: '7' }, () => 4_000_000_000n)).toEqual({
      options: { seed: '4000000000', fps: '7' },
      seeds: null,
      note: 'seed 4000000000 was drawn; --seed 4000000000 makes the same clips again\n',
    })
  })

  test('draws different whole numbers from 0 to 2^32 - 1', () => {
    const drawn = Array.from({ length: 50 }, () => Number(chooseSeeds({ seed: 'random' }).options.seed))
    expect(drawn.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)).toBe(true)
    expect(new Set(drawn).size).toBeGreaterThan(40)
  })
})

test.each([
  [{ seed: '7', seeds: '1..8' }, "--seeds: got '1..8' beside --seed 7; give one of them"],
  [{ seed: '1..8' }, "--seed: got '1..8'; must be one number, or random; give several as --seeds 1..8"],
  [{ seed: '1,5' }, "--seed: got '1,5'; must be one number, or random; give several as --seeds 1,5"],
])('chooseSeeds refuses %j', (options, message) => {
  expect(() => chooseSeeds(options)).toThrow(message)
})

test.each([[{}], [{ seed: '7' }], [{ seed: 'abc' }]])(
  'chooseSeeds keeps the options %j unchanged',
  (options) => {
    expect(chooseSeeds(options)).toEqual({ options, seeds: null, note: null })
  },
)
