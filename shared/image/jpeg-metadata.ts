import type { OrientationMetadata } from './orientation.ts'

const EXIF_PREFIX = 'Exif\0\0'
const XMP_PREFIX = 'http://ns.adobe.com/xap/1.0/\0'

const START_OF_SCAN = 0xda
const APP1 = 0xe1

const LAST_RESERVED = 0xbf

/** Markers without data: JPG, RST0 to RST7, SOI, EOI, and JPG0 to JPG13. */
const isBare = (marker: number): boolean =>
  marker === 0xc8 || (marker >= 0xd0 && marker <= 0xd9) || (marker >= 0xf0 && marker <= 0xfd)

interface Segment {
  readonly marker: number
  readonly data: Buffer
}

/** Segments before the pixels. Padding and junk between them are skipped, as in Pillow's `JpegImageFile._open`. */
function* segmentsOf(file: Buffer): Generator<Segment> {
  let at = 2
  while (at + 2 <= file.length) {
    const marker = file[at + 1]!
    if (file[at] !== 0xff || marker === 0xff) at += 1
    else if (marker === 0 || isBare(marker)) at += 2
    // Pillow does not know these markers, and refuses the file.
    else if (marker <= LAST_RESERVED || at + 4 > file.length) return
    else {
      const dataBytes = Math.max(0, file.readUInt16BE(at + 2) - 2)
      yield { marker, data: file.subarray(at + 4, at + 4 + dataBytes) }
      at += 4 + dataBytes
    }
  }
}

const startsWith = (data: Buffer, prefix: string): boolean =>
  data.toString('latin1', 0, prefix.length) === prefix

/** EXIF segments before the pixels, one after the other, and the last XMP packet. */
export const jpegMetadata = (bytes: Uint8Array): OrientationMetadata => {
  const exif: Buffer[] = []
  let xmp: string | null = null
  for (const { marker, data } of segmentsOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))) {
    if (marker === START_OF_SCAN) break
    if (marker !== APP1) continue
    if (startsWith(data, EXIF_PREFIX)) exif.push(exif.length === 0 ? data : data.subarray(EXIF_PREFIX.length))
    else if (startsWith(data, XMP_PREFIX)) xmp = data.toString('latin1', XMP_PREFIX.length)
  }
  return { exif: exif.length === 0 ? null : Buffer.concat(exif), xmp }
}
