/** Limit in characters, because messages of libraries may quote whole responses. */
const MAX_LENGTH = 2_000

/** Text of an error in records and events. */
export const reasonOf = (error: unknown): string => {
  const text = error instanceof Error && error.message !== '' ? error.message : String(error)
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text
}
