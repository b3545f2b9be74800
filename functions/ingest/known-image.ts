import { z } from 'zod'
import { knownImageKey, normalizedImageKey } from '../../shared/contracts/bucket-layout.ts'
import { hashJson } from '../../shared/contracts/job-id.ts'
import { type JobImage, sha256Schema } from '../../shared/contracts/job-message.ts'
import { decodeRecord, encodeCompactRecord, RECORD_OPTIONS } from '../../shared/contracts/record-bytes.ts'
import { DECODER_VERSION } from '../../shared/image/decode-image.ts'
import type { ObjectInfo, ObjectStore } from '../../shared/ports/object-store.ts'

/*
 * A note beside a stored image: which uploaded object it came from. By it the same object, named again by another
 * manifest, need not be fetched and decoded again; and a manifest of a thousand large images, for which a Lambda's
 * quarter of an hour does not suffice, gets further each time it is tried.
 */

const noteSchema = z.strictObject({
  pixels_sha256: sha256Schema,
  width: z.int().positive(),
  height: z.int().positive(),
})

const MAX_NOTE_BYTES = 1_000

/** The hash covers all that decides what is stored: the object's content, name and type, and the decoder's version. */
const noteKey = (bucket: string, { key, etag, contentType }: ObjectInfo): string =>
  knownImageKey(hashJson({ bucket, key, etag, content_type: contentType, decoder: DECODER_VERSION }))

const parseNote = (bytes: Uint8Array): z.infer<typeof noteSchema> | null => {
  try {
    return noteSchema.parse(decodeRecord(bytes))
  } catch {
    // Of another version: as if there were none.
    return null
  }
}

interface Buckets {
  readonly input: ObjectStore
  readonly output: ObjectStore
}

/** The stored image of an uploaded object, or null if it is not known, or not there any more. */
export const findKnownImage = async (
  { input, output }: Buckets,
  info: ObjectInfo,
  signal: AbortSignal,
): Promise<JobImage | null> => {
  const noted = await output.read(noteKey(input.bucket, info), { maxBytes: MAX_NOTE_BYTES }, signal)
  const note = noted === null ? null : parseNote(noted.bytes)
  if (note === null) return null
  const key = normalizedImageKey(note.pixels_sha256)
  return (await output.head(key, signal)) === null ? null : { source_key: info.key, key, ...note }
}

export const noteImage = async (
  { input, output }: Buckets,
  info: ObjectInfo,
  { pixels_sha256, width, height }: JobImage,
  signal: AbortSignal,
): Promise<void> => {
  const note: z.infer<typeof noteSchema> = { pixels_sha256, width, height }
  const body = encodeCompactRecord(note)
  await output.create(noteKey(input.bucket, info), body, RECORD_OPTIONS, signal)
}
