import { readNumber } from '../../shared/contracts/argument-text.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'

const SECONDS_PER_HOUR = 3600
/** Ten times the dearest machine with cards. More is a slip of the decimal point, or a price in cents. */
const MAX_USD_PER_HOUR = 1000

/** Throws InvalidInputError. */
export const parseHourlyPrice = (field: string, text: string): number => {
  const price = readNumber(text)
  if (typeof price === 'number' && price >= 0 && price <= MAX_USD_PER_HOUR) return price
  throw new InvalidInputError(
    field,
    `got '${text}'; must be US dollars an hour for this machine, 0 to ${MAX_USD_PER_HOUR}`,
  )
}

/** US dollars, to a millionth; null where no price is set. */
export const costOf = (deviceSeconds: number, usdPerHour: number | null): number | null =>
  usdPerHour === null ? null : Math.round((deviceSeconds / SECONDS_PER_HOUR) * usdPerHour * 1e6) / 1e6
