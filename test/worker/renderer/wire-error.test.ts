import { expect, test } from 'vitest'
import { DoesNotFitError } from '../../../shared/contracts/does-not-fit.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { DeviceFaultError } from '../../../worker/engine/device-fault.ts'
import { wireErrorSchema } from '../../../worker/renderer/protocol.ts'
import { fromWireError, toWireError } from '../../../worker/renderer/wire-error.ts'

const across = (error: unknown, cancelled = false): Error =>
  fromWireError(wireErrorSchema.parse(structuredClone(toWireError(error, cancelled))))

test('an InvalidInputError is the same in the other process', () => {
  const error = new InvalidInputError('--fps: rate', '--fps: rate: 0 is below 1')
  expect(across(error)).toEqual(error)
  expect(across(error)).toBeInstanceOf(InvalidInputError)
})

test('a GPU fault keeps its class and its stack in the other process', () => {
  const error = new DeviceFaultError('sticky', 'denoise_step: the card stopped')
  expect(across(error)).toBeInstanceOf(DeviceFaultError)
  expect(across(error)).toMatchObject({
    fault: 'sticky',
    message: error.message,
    stack: expect.stringContaining('wire-error.test.ts'),
  })
})

test('a DoesNotFitError keeps its class, message and fitsLater in the other process', () => {
  const error = new DoesNotFitError('memory: vae_decoder needs 40 GB, and 24 GB are there')
  expect(across(error)).toEqual(error)
  expect(across(error)).toBeInstanceOf(DoesNotFitError)
  const forNow = new DoesNotFitError(error.message, { fitsLater: true })
  expect(across(forNow)).toMatchObject({ fitsLater: true })
  expect(across(error)).toMatchObject({ fitsLater: false })
})

test('an AbortError keeps its class, and every error after a cancel becomes an AbortError', () => {
  expect(across(new DOMException('stop', 'AbortError'))).toMatchObject({
    name: 'AbortError',
    message: 'stop',
  })
  expect(across(new Error('ffmpeg was killed'), true)).toMatchObject({ name: 'AbortError' })
})

test.each([undefined, null, 'text', { code: 5 }])(
  'every thrown value becomes an error in the other process: %o',
  (thrown) => {
    expect(across(thrown)).toBeInstanceOf(Error)
  },
)
