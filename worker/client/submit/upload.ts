import { readFile } from 'node:fs/promises'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import type { Body, ObjectStore } from '../../../shared/ports/object-store.ts'

/** A file on its way into the input bucket. */
export interface Upload {
  /** As the user named it. */
  readonly name: string
  readonly key: string
  readonly body: Body
  readonly contentType: string
  readonly metadata: Readonly<Record<string, string>>
}

const bytesOf = async (body: Body): Promise<Uint8Array> =>
  body instanceof Uint8Array ? body : await readFile(body.path)

const sameMetadata = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean =>
  [...Object.keys(a), ...Object.keys(b)].every((name) => a[name] === b[name])

/** The very same may be there already: of a submit that was interrupted, or of a try whose answer got lost. */
const isThere = async (inputs: ObjectStore, upload: Upload, signal: AbortSignal): Promise<boolean> => {
  const bytes = await bytesOf(upload.body)
  const there = await inputs.head(upload.key, signal)
  if (there?.sizeBytes !== bytes.length || !sameMetadata(there.metadata, upload.metadata)) return false
  const stored = await inputs.read(upload.key, { maxBytes: bytes.length }, signal)
  return stored !== null && Buffer.compare(stored.bytes, bytes) === 0
}

/** Puts it there, over nothing else. Returns the etag. Throws InvalidInputError where something else has the key. */
export const sendUpload = async (
  inputs: ObjectStore,
  upload: Upload,
  signal: AbortSignal,
): Promise<string> => {
  const { name, key, body, contentType, metadata } = upload
  const created = await inputs.create(key, body, { contentType, metadata }, signal)
  if (!created && !(await isThere(inputs, upload, signal))) {
    throw new InvalidInputError(
      name,
      `s3://${inputs.bucket}/${key} is there already, and is another; choose another --prefix or name`,
    )
  }
  const there = await inputs.head(key, signal)
  if (there === null) throw new Error(`s3://${inputs.bucket}/${key}: was deleted by another program`)
  return there.etag
}
