import { CommanderError } from 'commander'
import { describe, expect, test } from 'vitest'
import { DoesNotFitError } from '../../../shared/contracts/does-not-fit.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { exitCodeOf, InterruptedError, messageOf, worstOf } from '../../../worker/cli/exit-code.ts'

test.each([
  ['a mistake', new InvalidInputError('--fps', 'got 0'), 2],
  ['too little memory', new DoesNotFitError('memory: …'), 2],
  ['wrong usage', new CommanderError(1, 'commander.unknownOption', ''), 2],
  ['help', new CommanderError(0, 'commander.helpDisplayed', ''), 0],
  ['Ctrl-C', new InterruptedError('SIGINT'), 130],
  ['SIGTERM', new InterruptedError('SIGTERM'), 143],
  ['a closed terminal', new InterruptedError('SIGHUP'), 129],
  ['any other error', new TypeError('x is undefined'), 1],
  ['something that is no error', 'Unsupported platform', 1],
])('%s has its exit code', (_, error, code) => {
  expect(exitCodeOf(error)).toBe(code)
})

test.each([
  [[], 0],
  [[2], 2],
  [[2, 1, 2], 1],
])('the worst of %j is %i', (codes, worst) => {
  expect(worstOf(codes)).toBe(worst)
})

describe('a message', () => {
  const debug = false

  test('of a clip that does not fit is that alone', () => {
    const error = new DoesNotFitError('memory: vae_decoder needs 40 GB, and 24 GB are there')
    expect(messageOf(error, { debug })).toBe('error: memory: vae_decoder needs 40 GB, and 24 GB are there')
  })

  test('of a mistake is that alone', () => {
    expect(messageOf(new InvalidInputError('--fps', 'got 0'), { debug })).toBe('error: --fps: got 0')
  })

  test('of a failure says how to learn more', () => {
    expect(messageOf(new Error('no luck'), { debug })).toBe(
      'error: no luck\n(SVD_DEBUG=1 shows where it happened)',
    )
  })

  test('of an error without one is its name', () => {
    expect(messageOf(new RangeError(), { debug })).toMatch(/^error: RangeError\n/)
  })

  test('names what it is about once', () => {
    expect(messageOf(new InvalidInputError('a.jpg', 'is no image'), { debug, subject: 'a.jpg' })).toBe(
      'error: a.jpg: is no image',
    )
    expect(messageOf(new InvalidInputError('fps', 'got 0'), { debug, subject: 'a.jpg' })).toBe(
      'error: a.jpg: fps: got 0',
    )
  })
})
