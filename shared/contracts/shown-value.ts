/** The longest piece of a user's value that a message repeats. */
const MAX_SHOWN_CHARACTERS = 80

/** Control characters, half surrogate pairs, and marks that turn the direction of what follows. */
const UNSAFE = /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu

/** Text that a terminal shows as it is: what would act on it is escaped as in JSON. */
export const safeText = (text: string): string =>
  text.replaceAll(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** A piece of a user's text as a message repeats it. */
export const cutText = (text: string, maxCharacters = MAX_SHOWN_CHARACTERS): string =>
  text.length > maxCharacters
    ? `${safeText(text.slice(0, maxCharacters).replace(/[\ud800-\udbff]$/, ''))}…`
    : safeText(text)

/** A user's text as a message repeats it where its ending counts: cut in the middle. */
export const cutMiddle = (text: string, maxCharacters = MAX_SHOWN_CHARACTERS): string => {
  if (text.length <= maxCharacters) return safeText(text)
  const kept = Math.floor(maxCharacters / 2)
  const start = text.slice(0, kept).replace(/[\ud800-\udbff]$/, '')
  const end = text.slice(-kept).replace(/^[\udc00-\udfff]/, '')
  return `${safeText(start)}…${safeText(end)}`
}

/** A user's value as a message shows it: JSON, but text in single quotes, and NaN and infinity by their names. */
export const shownValue = (value: unknown): string => {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  return cutText(typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? String(value)))
}
