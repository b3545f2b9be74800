import { safeText } from './contracts/shown-value.ts'

/** A text in quotes, for a line that may be pasted into a shell. A key is a user's text. */
export const shellQuoted = (text: string): string => `'${safeText(text).replaceAll("'", "'\\''")}'`

/** A word of a command line, in quotes only if a shell would read it otherwise. */
export const shellWord = (text: string): string =>
  /^[\w./:@%+=,-]+$/.test(text) && text !== '' ? text : shellQuoted(text)
