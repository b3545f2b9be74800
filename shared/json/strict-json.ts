import { InvalidInputError } from '../contracts/invalid-input.ts'

/**
 * Limits on JSON text: the most that a file of its kind can need, so that a hostile file cannot make the parser build
 * gigabytes.
 */
export interface JsonLimits {
  /** Objects and lists inside each other. */
  readonly maxDepth: number
  /** Commas in the whole text: members and list items, about. */
  readonly maxItems: number
  /** Advice that ends the error about text that is not JSON. */
  readonly fix: string
}

const endOfString = (text: string, start: number): number => {
  let quote = text.indexOf('"', start + 1)
  while (quote !== -1) {
    let backslashes = 0
    while (text[quote - 1 - backslashes] === '\\') backslashes++
    if (backslashes % 2 === 0) return quote
    quote = text.indexOf('"', quote + 1)
  }
  return text.length
}

const unescaped = (literal: string): string => {
  if (!literal.includes('\\')) return literal.slice(1, -1)
  try {
    return String(JSON.parse(literal))
  } catch {
    return literal // not JSON at all: JSON.parse of the whole text says so in a moment
  }
}

/** JSON.parse keeps the last of two equal keys without a word, and has no limits: both are looked for beforehand. */
const scan = (file: string, text: string, limits: JsonLimits): void => {
  const open: (Set<string> | null)[] = []
  let items = 0
  let string = ''
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') {
      const end = endOfString(text, at)
      string = text.slice(at, end + 1)
      at = end
    } else if (character === '{' || character === '[') {
      if (open.push(character === '{' ? new Set() : null) > limits.maxDepth) {
        throw new InvalidInputError(
          file,
          `is nested more than ${limits.maxDepth} levels deep; the file is damaged or not of this kind`,
        )
      }
    } else if (character === '}' || character === ']') {
      open.pop()
    } else if (character === ':') {
      const keys = open.at(-1)
      const key = unescaped(string)
      if (keys?.has(key)) {
        throw new InvalidInputError(
          file,
          `has the key ${JSON.stringify(key.slice(0, 200))} twice; keep one of them`,
        )
      }
      keys?.add(key)
    } else if (character === ',' && ++items > limits.maxItems) {
      throw new InvalidInputError(
        file,
        `has more than ${limits.maxItems} items; the file is damaged or not of this kind`,
      )
    }
  }
}

/** Parses JSON in which no object has a key twice. Throws InvalidInputError naming `file`. */
export const parseStrictJson = (file: string, text: string, limits: JsonLimits): unknown => {
  scan(file, text, limits)
  try {
    return JSON.parse(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new InvalidInputError(file, `is not JSON (${reason.slice(0, 200)}); ${limits.fix}`, { cause })
  }
}
