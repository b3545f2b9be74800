import { expect, test } from 'vitest'
import { DoesNotFitError } from '../../../shared/contracts/does-not-fit.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { DeviceFaultError } from '../../../worker/engine/device-fault.ts'
import { wireErrorSchema } from '../../../worker/renderer/protocol.ts'
import { fromWireError, toWireError } from '../../../worker/renderer/wire-error.ts'

const across = (error: unknown, cancelled = false): Error =>
  fromWireError(wireErrorSchema.parse(structuredClone(toWireError(error, cancelled))))

test('an InvalidInputError is the same on the other side', () => {
  const error = new InvalidInputError('--fps: rate', '--fps: rate: 0 is below 1')
  expect(across(error)).toEqual(error)
  expect(across(error)).toBeInstanceOf(InvalidInputError)
})

test('a fault of the card keeps its class and its stack', () => {
  const error = new DeviceFaultError('sticky', 'denoise_step: the card stopped')
  expect(across(error)).toBeInstanceOf(DeviceFaultError)
  expect(across(error)).toMatchObject({
    fault: 'sticky',
    message: error.message,
    stack: expect.stringContaining('wire-error.test.ts'),
  })
})

test('a DoesNotFitError is one again, with its message', () => {
  const error = new DoesNotFitError('memory: vae_decoder needs 40 GB, and 24 GB are there')
  expect(across(error)).toEqual(error)
  expect(across(error)).toBeInstanceOf(DoesNotFitError)
  const forNow = new DoesNotFitError(error.message, { fitsLater: true })
  expect(across(forNow)).toMatchObject({ fitsLater: true })
  expect(across(error)).toMatchObject({ fitsLater: false })
})

test('an AbortError is one, and so is whatever is thrown after a cancel', () => {
  expect(across(new DOMException('stop', 'AbortError'))).toMatchObject({
    name: 'AbortError',
    message: 'stop',
  })
  expect(across(new Error('ffmpeg was killed'), true)).toMatchObject({ name: 'AbortError' })
})

test.each([undefined, null, 'text', { code: 5 }])('anything thrown becomes an error: %o', (thrown) => {
  expect(across(thrown)).toBeInstanceOf(Error)
})
