import { faultOf, type InputFault } from '../contracts/input-fault.ts'
import { InvalidInputError } from '../contracts/invalid-input.ts'
import {
  HEADER_FIELDS,
  MAX_ITEMS,
  MAX_LINE_BYTES,
  MAX_MANIFEST_BYTES,
  SCHEMA_FIELD,
} from '../contracts/manifest.ts'
import { shownValue } from '../contracts/shown-value.ts'
import { type JsonLimits, parseStrictJson } from '../json/strict-json.ts'
import { decodeUtf8 } from '../json/utf8-text.ts'
import { isJsonObject, type JsonObject } from './read-fields.ts'

export type ManifestKind = 'json' | 'jsonl'

/** An item as it is written. */
export interface WrittenItem {
  /** Undefined if it could not be read. */
  readonly value: unknown
  /** Why it could not be read. */
  readonly fault: InputFault | null
  /** From 1; null in a .json. */
  readonly line: number | null
  /** Prefix of the item's field names: `items[3].`, or empty. */
  readonly prefix: string
}

export interface ManifestDocument {
  /** Fields that apply to all items. */
  readonly header: JsonObject
  readonly headerLine: number | null
  readonly items: readonly WrittenItem[]
}

/**
 * More levels than any valid document has, so that a context which is too deep is a fault of its item alone. A million
 * items are a list of a thousand sigmas for each of a thousand items.
 */
const DOCUMENT_LIMITS: JsonLimits = {
  maxDepth: 64,
  maxItems: 1_000_000,
  fix: 'correct it, or write .jsonl: one item a line',
}
const LINE_LIMITS: JsonLimits = {
  maxDepth: 64,
  maxItems: MAX_LINE_BYTES,
  fix: 'write one JSON object on each line',
}

const TOO_MANY = `more than the ${MAX_ITEMS} that a manifest may have; split it`

const readDocument = (text: string): ManifestDocument => {
  const document = parseStrictJson('document', text, DOCUMENT_LIMITS)
  if (!isJsonObject(document)) {
    throw new InvalidInputError(
      'document',
      `got ${shownValue(document)}; must be an object with a list of items`,
    )
  }
  const { items, ...header } = document
  if (!Array.isArray(items) || items.length === 0) {
    const got = Object.hasOwn(document, 'items') ? `got ${shownValue(items)}` : 'is absent'
    throw new InvalidInputError('items', `${got}; must be a list of at least one item`)
  }
  if (items.length > MAX_ITEMS) throw new InvalidInputError('items', `has ${items.length}, ${TOO_MANY}`)
  const written = items.map((value, i) => ({ value, fault: null, line: null, prefix: `items[${i}].` }))
  return { header, headerLine: null, items: written }
}

interface Line {
  readonly text: string
  readonly number: number
}

/** Lines that are not blank. */
function* linesOf(text: string): Iterable<Line> {
  for (let start = 0, number = 1; start < text.length; number++) {
    const newline = text.indexOf('\n', start)
    const end = newline === -1 ? text.length : newline
    const line = text.slice(start, end)
    if (line.trim() !== '') yield { text: line, number }
    start = end + 1
  }
}

const readLine = ({ text, number }: Line): WrittenItem => {
  const item = { value: undefined, fault: null, line: number, prefix: '' }
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_LINE_BYTES) {
    const message = `has ${bytes} bytes, more than the ${MAX_LINE_BYTES} that an item may have`
    return { ...item, fault: { field: 'line', message } }
  }
  try {
    return { ...item, value: parseStrictJson('line', text, LINE_LIMITS) }
  } catch (error) {
    if (error instanceof InvalidInputError) return { ...item, fault: faultOf(error) }
    throw error
  }
}

const has = (value: JsonObject, names: readonly string[]): boolean =>
  names.some((name) => Object.hasOwn(value, name))

const ONLY_OF_ITEMS = ['parameters', 'id'] as const
const ONLY_OF_HEADERS = [...Object.keys(SCHEMA_FIELD), 'version', 'defaults'] as const
const KNOWN_FIELDS = [...ONLY_OF_ITEMS, ...Object.keys(SCHEMA_FIELD), ...Object.keys(HEADER_FIELDS)]

/**
 * Whether a first line stands for all items. In doubt it does, because items would be rendered with other parameters
 * without it. A mistyped field tells by its value: an object is a mistyped `defaults`; text is a mistyped `image`, and
 * only that item is at fault.
 */
const isHeader = (value: unknown): value is JsonObject => {
  if (!isJsonObject(value)) return false
  if (has(value, ['defaults'])) return true
  if (has(value, ['image'])) return false
  if (has(value, ONLY_OF_HEADERS)) return true
  const unknown = Object.entries(value).filter(([name]) => !KNOWN_FIELDS.includes(name))
  const mayHaveImage = unknown.some(([, field]) => typeof field === 'string')
  if (!mayHaveImage) return true
  return !has(value, ONLY_OF_ITEMS) && unknown.some(([, field]) => isJsonObject(field))
}

const IMAGE_FIELD = /"image"\s*:/
const DEFAULTS_FIELD = /"defaults"\s*:/

/** A first line that cannot be read is an item only if it names an image: else it may stand for all items. */
const assertNoBrokenHeader = ({ fault }: WrittenItem, { text, number }: Line): void => {
  if (fault === null || (IMAGE_FIELD.test(text) && !DEFAULTS_FIELD.test(text))) return
  const why = DEFAULTS_FIELD.test(text)
    ? 'stands for all items'
    : 'has no "image", so it may stand for all items'
  throw new InvalidInputError(
    fault.field,
    `${fault.message}; line ${number} ${why}, and none of them is rendered without it: correct that line`,
  )
}

const readLines = (text: string): ManifestDocument => {
  let header: JsonObject = {}
  let headerLine: number | null = null
  const items: WrittenItem[] = []
  for (const line of linesOf(text)) {
    const item = readLine(line)
    if (headerLine === null && items.length === 0) {
      assertNoBrokenHeader(item, line)
      if (isHeader(item.value)) {
        header = item.value
        headerLine = line.number
        continue
      }
    }
    items.push(item)
    if (items.length > MAX_ITEMS) throw new InvalidInputError('items', `are ${TOO_MANY}`)
  }
  if (items.length === 0)
    throw new InvalidInputError('items', 'are absent; write at least one, on a line of its own')
  return { header, headerLine, items }
}

/** Throws InvalidInputError for what is wrong with the document as a whole. */
export const readManifestDocument = (bytes: Uint8Array, kind: ManifestKind): ManifestDocument => {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    const message = `has ${bytes.length} bytes, more than the ${MAX_MANIFEST_BYTES} that are accepted; split it`
    throw new InvalidInputError('document', message)
  }
  const text = decodeUtf8('document', bytes)
  return kind === 'json' ? readDocument(text) : readLines(text)
}
