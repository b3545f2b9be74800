/** Messages of libraries may quote whole answers. */
const MAX_LENGTH = 2_000

/** What records and events say of an error. */
export const reasonOf = (error: unknown): string => {
  const text = error instanceof Error && error.message !== '' ? error.message : String(error)
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text
}
