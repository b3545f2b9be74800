import { AVIF_BRANDS, HEIC_BRANDS } from '../../../shared/image/heif-brands.ts'

/** Formats that ingest and the renderer do not read, and that a client converts to PNG. */
export type SourceFormat = 'AVIF' | 'HEIC' | 'TIFF'

const ENDINGS: Readonly<Record<SourceFormat, RegExp>> = {
  AVIF: /\.avif$/i,
  HEIC: /\.hei[cf]$/i,
  TIFF: /\.tiff?$/i,
}

const formats = Object.keys(ENDINGS) as readonly SourceFormat[]

/** The format of a file by its name, or `null` if it is none of these. */
export const sourceFormatOfName = (name: string): SourceFormat | null =>
  formats.find((format) => ENDINGS[format].test(name)) ?? null

const TIFF_STARTS = ['II*\0', 'MM\0*', 'II+\0', 'MM\0+']

const MAX_BRANDS_BYTES = 256

const brandsOf = (text: string): readonly string[] => {
  if (text.slice(4, 8) !== 'ftyp') return []
  const size = Math.min(Buffer.from(text.slice(0, 4), 'latin1').readUInt32BE(), MAX_BRANDS_BYTES)
  // Size, ftyp, major brand, minor version, further brands.
  return [text.slice(8, 12), ...(text.slice(16, size).match(/.{4}/gs) ?? [])]
}

/** The format of a file by its first bytes, or `null` if it is none of these. */
export const sourceFormatOf = (bytes: Uint8Array): SourceFormat | null => {
  const text = Buffer.from(bytes.subarray(0, MAX_BRANDS_BYTES)).toString('latin1')
  if (TIFF_STARTS.includes(text.slice(0, 4))) return 'TIFF'
  const brands = brandsOf(text)
  if (brands.some((brand) => AVIF_BRANDS.includes(brand))) return 'AVIF'
  return brands.some((brand) => HEIC_BRANDS.includes(brand)) ? 'HEIC' : null
}

/** Whether a file in a HEIF container says that it is a sequence of images first of all. */
export const isImageSequence = (bytes: Uint8Array): boolean => {
  const [major] = brandsOf(Buffer.from(bytes.subarray(0, MAX_BRANDS_BYTES)).toString('latin1'))
  return ['avis', 'hevc', 'hevx', 'msf1'].includes(major ?? '')
}
