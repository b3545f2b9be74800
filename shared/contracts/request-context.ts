import { z } from 'zod'

/*
 * A JSON object that a manifest, an item, a sidecar or S3 metadata may carry: `{"order": 7}`. It comes back in the events
 * of its request as it was given, and nothing else reads it. The report keeps it, so that two requests which share a job
 * have each their own.
 */

/** Bytes of the context as compact JSON in UTF-8. SNS and EventBridge bound a whole event. */
export const MAX_CONTEXT_BYTES = 4_096
/** Objects and lists inside each other, the context itself among them. */
export const MAX_CONTEXT_DEPTH = 8

export const contextSchema = z
  .record(z.string(), z.unknown())
  .describe(
    `a JSON object of at most ${MAX_CONTEXT_BYTES} bytes; it comes back in the events about its clips as it is`,
  )

export type RequestContext = z.infer<typeof contextSchema>

const textFault = (text: string): string | null =>
  text.isWellFormed() ? null : 'has text with half a surrogate pair, which UTF-8 cannot carry; remove it'

const numberFault = (value: number): string | null => {
  if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) return null
  return `has the number ${value}, which JSON programs round or cannot hold; write it as text, in quotes`
}

const valueFault = (value: unknown, depth: number): string | null => {
  if (typeof value === 'string') return textFault(value)
  if (typeof value === 'number') return numberFault(value)
  if (typeof value !== 'object' || value === null) return null
  if (depth > MAX_CONTEXT_DEPTH)
    return `is nested more than ${MAX_CONTEXT_DEPTH} levels deep; flatten it, or carry an id instead`
  for (const [name, member] of Object.entries(value)) {
    // Parsers drop this name without a word, or take it for something else.
    if (name === '__proto__') return 'has the name "__proto__", which parsers drop; give it another name'
    const fault = textFault(name) ?? valueFault(member, depth + 1)
    if (fault !== null) return fault
  }
  return null
}

/** Why an object cannot come back exactly as it was given, with the fix; `null`: it can. */
export const contextFault = (context: Readonly<Record<string, unknown>>): string | null => {
  const fault = valueFault(context, 1)
  if (fault !== null) return fault
  const bytes = Buffer.byteLength(JSON.stringify(context))
  return bytes <= MAX_CONTEXT_BYTES
    ? null
    : `has ${bytes} bytes as compact JSON, more than the ${MAX_CONTEXT_BYTES} that are accepted; carry an id instead`
}
