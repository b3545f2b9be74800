import { InvalidInputError } from '../contracts/invalid-input.ts'

export type ImageFormat = 'PNG' | 'JPEG' | 'WebP'

const ACCEPTED = 'PNG, JPEG and WebP are accepted'

const startsWith = (bytes: Uint8Array, text: string, offset = 0): boolean =>
  bytes.length >= offset + text.length &&
  Array.from(text).every((letter, i) => bytes[offset + i] === letter.charCodeAt(0))

const acceptedFormat = (bytes: Uint8Array): ImageFormat | undefined => {
  if (startsWith(bytes, '\x89PNG\r\n\x1a\n')) return 'PNG'
  if (startsWith(bytes, '\xff\xd8\xff')) return 'JPEG'
  if (startsWith(bytes, 'RIFF') && startsWith(bytes, 'WEBP', 8)) return 'WebP'
  return undefined
}

const SVG_SEARCH_BYTES = 4096

/** Formats that people do send, so that the message can name them. */
const refusedFormat = (bytes: Uint8Array): string | undefined => {
  if (startsWith(bytes, 'GIF8')) return 'a GIF'
  if (startsWith(bytes, 'II*\0') || startsWith(bytes, 'MM\0*')) return 'a TIFF'
  if (startsWith(bytes, 'BM')) return 'a BMP'
  if (startsWith(bytes, '%PDF')) return 'a PDF'
  if (startsWith(bytes, 'ftyp', 4)) return 'an HEIC, AVIF or video file'
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, SVG_SEARCH_BYTES))
  return start.includes('<svg') ? 'an SVG' : undefined
}

/**
 * The format by the file's first bytes; a name's ending says nothing.
 *
 * @throws InvalidInputError if the file is empty, of another format or no image at all.
 */
export const imageFormatOf = (bytes: Uint8Array, field: string): ImageFormat => {
  if (bytes.length === 0) throw new InvalidInputError(field, `is empty (0 bytes); ${ACCEPTED}`)
  const format = acceptedFormat(bytes)
  if (format !== undefined) return format
  const refused = refusedFormat(bytes)
  throw new InvalidInputError(
    field,
    refused === undefined
      ? `is not an image that can be read; ${ACCEPTED}`
      : `is ${refused}; ${ACCEPTED}, so convert it first`,
  )
}
