import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'

/** One thing wrong with a file: which field, and a message with value, rule and likely fix. */
export interface Fault {
  readonly field: string
  readonly message: string
}

/** More than this many would scroll the first, which often explains the rest, off the screen. */
const MAX_FAULTS_SHOWN = 20

/** The longest piece of a user's value that a message repeats. */
const MAX_SHOWN_CHARACTERS = 120

/** A value as a message shows it: JSON, cut to a line. */
export const shown = (value: unknown): string => {
  const start = typeof value === 'string' ? value.slice(0, MAX_SHOWN_CHARACTERS) : value
  const text = JSON.stringify(start) ?? String(start)
  return text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text
}

/** Throws one InvalidInputError that tells all faults of `file`, if there are any. */
export const throwFaults = (file: string, faults: readonly Fault[]): void => {
  const [first, ...others] = faults
  if (first === undefined) return
  if (others.length === 0) throw new InvalidInputError(`${file}: ${first.field}`, first.message)
  const lines = faults.slice(0, MAX_FAULTS_SHOWN).map(({ field, message }) => `  ${field}: ${message}`)
  const more = faults.length - lines.length
  throw new InvalidInputError(
    file,
    `${faults.length} faults\n${lines.join('\n')}${more > 0 ? `\n  and ${more} more` : ''}`,
  )
}
