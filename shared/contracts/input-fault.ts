import type { InvalidInputError } from './invalid-input.ts'

/** One thing wrong with what a user gave: where, and a message of value, rule and likely fix. */
export interface InputFault {
  readonly field: string
  readonly message: string
}

/** Converts an error to a fault. The message loses the field that it begins with. */
export const faultOf = ({ field, message }: InvalidInputError): InputFault => ({
  field,
  message: message.slice(field.length + ': '.length),
})
