import { faultOf, type InputFault } from '../contracts/input-fault.ts'
import { InvalidInputError } from '../contracts/invalid-input.ts'
import {
  contextFault,
  MAX_CONTEXT_BYTES,
  MAX_CONTEXT_DEPTH,
  type RequestContext,
} from '../contracts/request-context.ts'
import { shownValue } from '../contracts/shown-value.ts'
import { type JsonLimits, parseStrictJson } from '../json/strict-json.ts'
import { isJsonObject, type JsonObject } from './read-fields.ts'

const TEXT_LIMITS: JsonLimits = {
  maxDepth: MAX_CONTEXT_DEPTH,
  maxItems: MAX_CONTEXT_BYTES,
  fix: 'write a JSON object such as {"order": 7}, with characters beyond ASCII as \\u00e9',
}

export interface ReadContext {
  /** `null`: none is given, or it is at fault. */
  readonly context: RequestContext | null
  readonly faults: readonly InputFault[]
}

/** A context that a document gives, if it can come back as it is. `field`: as the user finds it. */
export const readContext = (value: JsonObject | null | undefined, field: string): ReadContext => {
  if (value === null || value === undefined) return { context: null, faults: [] }
  const message = contextFault(value)
  return message === null ? { context: value, faults: [] } : { context: null, faults: [{ field, message }] }
}

const parseObject = (text: string, field: string): JsonObject => {
  const value = parseStrictJson(field, text, TEXT_LIMITS)
  if (isJsonObject(value)) return value
  throw new InvalidInputError(field, `got ${shownValue(value)}; must be a JSON object such as {"order": 7}`)
}

/** The same of a context that came as text: S3 user metadata, or an option. Never throws. */
export const readContextText = (text: string, field: string): ReadContext => {
  try {
    return readContext(parseObject(text, field), field)
  } catch (error) {
    if (error instanceof InvalidInputError) return { context: null, faults: [faultOf(error)] }
    throw error
  }
}
