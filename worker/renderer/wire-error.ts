import { inspect } from 'node:util'
import { DoesNotFitError } from '../../shared/contracts/does-not-fit.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { DeviceFaultError } from '../engine/device-fault.ts'
import type { WireError } from './protocol.ts'

/** The part of a thrown value that is sent to the other process: enough to decide by, and to find the fault. */
export const toWireError = (error: unknown, cancelled: boolean): WireError => {
  const message = error instanceof Error ? error.message : String(error)
  if (cancelled || (error instanceof Error && error.name === 'AbortError'))
    return { kind: 'cancelled', message }
  if (error instanceof InvalidInputError) return { kind: 'invalid-input', field: error.field, message }
  if (error instanceof DoesNotFitError) return { kind: 'does-not-fit', message, fitsLater: error.fitsLater }
  if (error instanceof DeviceFaultError) {
    return { kind: 'device-fault', fault: error.fault, message, stack: inspect(error) }
  }
  return { kind: 'failure', message, stack: inspect(error) }
}

/** The error to throw on this side; `InvalidInputError`, `DoesNotFitError` and `DeviceFaultError` keep their classes. */
export const fromWireError = (error: WireError): Error => {
  switch (error.kind) {
    case 'invalid-input': {
      // The class puts the field in front, and the message that came has it there already.
      const prefix = `${error.field}: `
      const message = error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message
      return new InvalidInputError(error.field, message)
    }
    case 'does-not-fit':
      return new DoesNotFitError(error.message, { fitsLater: error.fitsLater })
    case 'cancelled':
      return new DOMException(error.message, 'AbortError')
    case 'device-fault':
      return Object.assign(new DeviceFaultError(error.fault, error.message), { stack: error.stack })
    case 'failure':
      return Object.assign(new Error(error.message), { stack: error.stack })
  }
}
