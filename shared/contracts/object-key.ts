/** S3's own limit. */
export const MAX_KEY_BYTES = 1024

const CONTROL_CHARACTER = /\p{Cc}/u
/** A `.` or `/` that a proxy or a second decoding would bring back. */
const ENCODED_DOT_OR_SLASH = /%2[ef]/i
/**
 * Why a key is not taken, or null. S3 takes nearly any; these are the ones that mean something else where keys become
 * paths, URLs or lines: in a browser, on a disk, in a log.
 */
export const keyFault = (key: string): string | null => {
  if (key === '') return 'is empty'
  if (!key.isWellFormed()) return 'has half of a surrogate pair, which is no character'
  const bytes = new TextEncoder().encode(key).length
  if (bytes > MAX_KEY_BYTES) return `has ${bytes} bytes; a key has at most ${MAX_KEY_BYTES}`
  if (CONTROL_CHARACTER.test(key)) return 'has a control character'
  if (key.includes('\\')) return 'has a backslash; folders are separated by /'
  if (key.startsWith('/')) return "begins with /; a bucket's keys do not"
  if (key.includes('//')) return 'has // in it'
  if (ENCODED_DOT_OR_SLASH.test(key)) return 'has %2e or %2f in it; write . and / as they are'
  if (key.split('/').some((part) => part === '.' || part === '..')) return 'has a part that is . or ..'
  return null
}
