/*
 * EXIF is a TIFF file without pixels: a header, then a directory of fields of 12 bytes each.
 *
 *   header      II or MM (byte order) · 42 · offset of the directory
 *   directory   count of fields (2 bytes) · fields
 *   field       tag (2) · type (2) · count (4) · value, or the offset of a value of more than 4 bytes (4)
 *
 * Cameras and programs write it with faults. So this reader follows Pillow's `ImageFileDirectory_v2.load` step by step:
 * which fields Pillow skips, and where it stops, decides whether an image is turned.
 */

const ORIENTATION_TAG = 0x0112
const HEADER_BYTES = 8
const FIELD_BYTES = 12
const INLINE_BYTES = 4

/** Byte orders that some programs exchange, and BigTIFF's number, which Pillow reads as plain TIFF behind `MM`. */
const LITTLE_ENDIAN_HEADERS = ['II*\0', 'II\0*']
const BIG_ENDIAN_HEADERS = ['MM\0*', 'MM*\0', 'MM\0+']

/** Bytes of one value, by TIFF's number of its type. */
const VALUE_BYTES: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
}

interface Tiff {
  readonly view: DataView
  readonly littleEndian: boolean
}

type ReadNumber = (tiff: Tiff, at: number) => number

/** Types that Pillow reads as numbers. It reads bytes (1), text (2) and raw data (7) as no number, which turns nothing. */
const READ_NUMBER: Readonly<Record<number, ReadNumber>> = {
  3: ({ view, littleEndian }, at) => view.getUint16(at, littleEndian),
  4: ({ view, littleEndian }, at) => view.getUint32(at, littleEndian),
  5: ({ view, littleEndian }, at) => view.getUint32(at, littleEndian) / view.getUint32(at + 4, littleEndian),
  6: ({ view }, at) => view.getInt8(at),
  8: ({ view, littleEndian }, at) => view.getInt16(at, littleEndian),
  9: ({ view, littleEndian }, at) => view.getInt32(at, littleEndian),
  10: ({ view, littleEndian }, at) => view.getInt32(at, littleEndian) / view.getInt32(at + 4, littleEndian),
  11: ({ view, littleEndian }, at) => view.getFloat32(at, littleEndian),
  12: ({ view, littleEndian }, at) => view.getFloat64(at, littleEndian),
  13: ({ view, littleEndian }, at) => view.getUint32(at, littleEndian),
  16: ({ view, littleEndian }, at) => Number(view.getBigUint64(at, littleEndian)),
}

const PREFIX = 'Exif\0\0'
const MAX_PREFIXES = 2

const latin1 = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', from, to)

const withoutPrefixes = (exif: Uint8Array): Uint8Array => {
  let from = 0
  for (let n = 0; n < MAX_PREFIXES; n++) {
    if (latin1(exif, from, from + PREFIX.length) === PREFIX) from += PREFIX.length
  }
  return exif.subarray(from)
}

/** `null` if Pillow does not take it for EXIF. */
const openTiff = (bytes: Uint8Array): Tiff | null => {
  if (bytes.length < HEADER_BYTES) return null
  const start = latin1(bytes, 0, 4)
  const littleEndian = LITTLE_ENDIAN_HEADERS.includes(start)
  if (!littleEndian && !BIG_ENDIAN_HEADERS.includes(start)) return null
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), littleEndian }
}

const findOrientation = (tiff: Tiff): number | null => {
  const { view, littleEndian } = tiff
  const size = view.byteLength
  const directory = view.getUint32(4, littleEndian)
  if (directory + 2 > size) return null
  const fields = view.getUint16(directory, littleEndian)
  const seen = new Set<number>()
  let pointedBytes = 0
  for (let i = 0, at = directory + 2; i < fields && at + FIELD_BYTES <= size; i++, at += FIELD_BYTES) {
    const tag = view.getUint16(at, littleEndian)
    const type = view.getUint16(at + 2, littleEndian)
    const valueBytes = (VALUE_BYTES[type] ?? 0) * view.getUint32(at + 4, littleEndian)
    if (seen.has(tag) || valueBytes === 0) continue
    let from = at + 8
    if (valueBytes > INLINE_BYTES) {
      pointedBytes += valueBytes
      // Fields that share their values may claim more than there is. Pillow skips them.
      if (pointedBytes > size) continue
      from = view.getUint32(from, littleEndian)
      // Pillow stops at the first value outside the data.
      if (from + valueBytes > size) return null
    }
    if (tag === ORIENTATION_TAG) return READ_NUMBER[type]?.(tiff, from) ?? 1
    seen.add(tag)
  }
  return null
}

/**
 * The orientation in EXIF data, which may begin with `Exif\0\0` once or twice: 1 to 8, or a number that means nothing.
 * `null` if there is none, so that XMP decides. Data that is not EXIF gives 1: Pillow refuses such a file, or leaves a
 * JPEG as it is.
 */
export const exifOrientation = (exif: Uint8Array): number | null => {
  const bytes = withoutPrefixes(exif)
  if (bytes.length === 0) return null
  const tiff = openTiff(bytes)
  return tiff === null ? 1 : findOrientation(tiff)
}
