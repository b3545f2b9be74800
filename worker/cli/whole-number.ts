import { readNumber } from '../../shared/contracts/argument-text.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'

/** From 1 up. Throws InvalidInputError. */
export const readWholeNumber = (option: string, text: string, max: number): number => {
  const value = readNumber(text)
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value
  throw new InvalidInputError(option, `got '${text}'; must be a whole number from 1 to ${max}`)
}
