import { CommanderError } from 'commander'
import { describe, expect, test } from 'vitest'
import { DoesNotFitError } from '../../../shared/contracts/does-not-fit.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { exitCodeOf, InterruptedError, messageOf, worstOf } from '../../../worker/cli/exit-code.ts'

test.each([
  ['invalid input', new InvalidInputError('--fps', 'got 0'), 2],
  ['too little memory', new DoesNotFitError('memory: …'), 2],
  ['wrong usage', new CommanderError(1, 'commander.unknownOption', ''), 2],
  ['help', new CommanderError(0, 'commander.helpDisplayed', ''), 0],
  ['Ctrl-C', new InterruptedError('SIGINT'), 130],
  ['SIGTERM', new InterruptedError('SIGTERM'), 143],
  ['a closed terminal', new InterruptedError('SIGHUP'), 129],
  ['any other error', new TypeError('x is undefined'), 1],
  ['a value that is not an Error', 'Unsupported platform', 1],
])('exitCodeOf returns the exit code of %s', (_, error, code) => {
  expect(exitCodeOf(error)).toBe(code)
})

test.each([
  [[], 0],
  [[2], 2],
  [[2, 1, 2], 1],
])('the worst of the exit codes %j is %i', (codes, worst) => {
  expect(worstOf(codes)).toBe(worst)
})

describe('messageOf', () => {
  const debug = false

  test('returns only the text of a DoesNotFitError', () => {
    const error = new DoesNotFitError('memory: vae_decoder needs 40 GB, and 24 GB are there')
    expect(messageOf(error, { debug })).toBe('error: memory: vae_decoder needs 40 GB, and 24 GB are there')
  })

  test('returns only the field and the text of an InvalidInputError', () => {
    expect(messageOf(new InvalidInputError('--fps', 'got 0'), { debug })).toBe('error: --fps: got 0')
  })

  test('adds the hint SVD_DEBUG=1 to the text of any other error', () => {
    expect(messageOf(new Error('no luck'), { debug })).toBe(
      'error: no luck\n(SVD_DEBUG=1 shows where it happened)',
    )
  })

  test('returns the name of an error that has no text', () => {
    expect(messageOf(new RangeError(), { debug })).toMatch(/^error: RangeError\n/)
  })

  test('names the subject once, even when the error names it too', () => {
    expect(messageOf(new InvalidInputError('a.jpg', 'is no image'), { debug, subject: 'a.jpg' })).toBe(
      'error: a.jpg: is no image',
    )
    expect(messageOf(new InvalidInputError('fps', 'got 0'), { debug, subject: 'a.jpg' })).toBe(
      'error: a.jpg: fps: got 0',
    )
  })
})
