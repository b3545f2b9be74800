/*
 * Bytes of the JSON documents in the buckets. What a person may open has lines (status, result, cancel marker); what
 * programs alone read, or what is large, has none (reports, batches, orders, the state of dispatch).
 */

/** Options with which every record is written. */
export const RECORD_OPTIONS = { contentType: 'application/json' } as const

/** UTF-8 text of a record, indented, with a newline at the end. */
export const encodeRecord = (record: object): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`)

/** UTF-8 text of a record in one line. */
export const encodeCompactRecord = (record: object): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(JSON.stringify(record))

/** JSON of a record's bytes, not checked. Throws SyntaxError for anything else. */
export const decodeRecord = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes))
