import { isUtf8 } from 'node:buffer'
import { constants, inflateSync } from 'node:zlib'
import type { OrientationMetadata } from './orientation.ts'
import { type PngChunk, pngChunks } from './png-chunks.ts'

/** Pillow's `MAX_TEXT_CHUNK` and `MAX_TEXT_MEMORY`: a chunk of 1 KB may hold 1 MB, and a file thousands of chunks. */
const MAX_TEXT_BYTES = 2 ** 20
const MAX_TEXTS_BYTES = 64 * MAX_TEXT_BYTES

const XMP_KEYWORD = 'XML:com.adobe.xmp'
const RAW_EXIF_KEYWORD = 'Raw profile type exif'
/** Entries of Pillow's `info` that it looks for an orientation in. A later chunk overwrites an entry. */
const KEYWORDS = ['exif', 'xmp', RAW_EXIF_KEYWORD, XMP_KEYWORD]

/** Lines before the digits: an empty one, the profile's name, and its size. */
const RAW_PROFILE_LINES = 3

interface Text {
  readonly keyword: string
  readonly text: Buffer
  /** `false` if an `iTXt` chunk is not UTF-8, so that Pillow keeps no text of it. */
  readonly isText: boolean
}

/** Splits at the first zero byte. `null` if there is none. */
const splitAtZero = (data: Buffer): readonly [Buffer, Buffer] | null => {
  const zero = data.indexOf(0)
  return zero < 0 ? null : [data.subarray(0, zero), data.subarray(zero + 1)]
}

/** A stream that is cut gives what is there; `null` if it is not a zlib stream. */
const inflate = (data: Buffer): Buffer | null => {
  try {
    return inflateSync(data, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_TEXT_BYTES })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') return null
    throw new Error(`a text takes more than ${MAX_TEXT_BYTES} bytes, more than Pillow reads`)
  }
}

const plainText = (data: Buffer): Text => {
  const [keyword, text] = splitAtZero(data) ?? [data, Buffer.alloc(0)]
  return { keyword: keyword.toString('latin1'), text, isText: true }
}

const compressedText = (data: Buffer): Text | null => {
  const { keyword, text } = plainText(data)
  if (!KEYWORDS.includes(keyword)) return null
  if ((text[0] ?? 0) !== 0) throw new Error(`compression method ${text[0]} of a text is not known`)
  return { keyword, text: inflate(text.subarray(1)) ?? Buffer.alloc(0), isText: true }
}

/** keyword · 0 · whether compressed · method · language · 0 · keyword in that language · 0 · text */
const internationalText = (data: Buffer): Text | null => {
  const [keyword, rest] = splitAtZero(data) ?? []
  const [language, more] = splitAtZero(rest?.subarray(2) ?? Buffer.alloc(0)) ?? []
  const [translated, stored] = splitAtZero(more ?? Buffer.alloc(0)) ?? []
  if (keyword === undefined || rest === undefined || language === undefined) return null
  if (translated === undefined || stored === undefined) return null
  const name = keyword.toString('latin1')
  if (!KEYWORDS.includes(name)) return null
  const [compressed, method] = rest
  if (compressed !== 0 && method !== 0) return null
  const text = compressed === 0 ? stored : inflate(stored)
  if (text === null) return null
  return { keyword: name, text, isText: isUtf8(language) && isUtf8(translated) && isUtf8(text) }
}

const textOf = ({ name, data }: PngChunk): Text | null => {
  if (name === 'tEXt') return plainText(data)
  if (name === 'zTXt') return compressedText(data)
  return name === 'iTXt' ? internationalText(data) : null
}

/** `null` if it is not hexadecimal. */
const rawProfile = (text: Buffer): Buffer | null => {
  const lines = text.toString('latin1').split('\n').slice(RAW_PROFILE_LINES)
  const digits = lines.join('').replaceAll(/\s/g, '')
  return /^(?:[0-9a-f]{2})*$/i.test(digits) ? Buffer.from(digits, 'hex') : null
}

/** Pillow's `info`: the last text of each keyword, and of XMP the last packet even if it is not UTF-8. */
const noteText = (info: Map<string, Buffer>, { keyword, text, isText }: Text): void => {
  if (!KEYWORDS.includes(keyword)) return
  if (keyword === XMP_KEYWORD) info.set('xmp', text)
  if (isText) info.set(keyword, text)
}

const checkChunk = ({ name, isCut }: PngChunk, isDamaged: boolean): void => {
  if (isCut) throw new Error(`the file ends inside its ${name} chunk`)
  if (isDamaged) throw new Error(`the checksum of its ${name} chunk is wrong`)
}

/**
 * EXIF and XMP of a PNG file, before and after its pixels: the last of several chunks counts, and an `eXIf` chunk or a
 * text `exif` precedes a raw profile. `frames`: count of images in the file; further frames' chunks are not read.
 *
 * @throws Error if a chunk before the pixels has a wrong checksum, if a chunk is cut off, or if a text is too long.
 */
export const pngMetadata = (bytes: Uint8Array, frames: number): OrientationMetadata => {
  const info = new Map<string, Buffer>()
  let textBytes = 0
  let afterPixels = false
  for (const chunk of pngChunks(bytes)) {
    if (chunk.name === 'IDAT') afterPixels = true
    if (chunk.name === 'IDAT') continue
    if (chunk.name === 'fcTL' && afterPixels && frames > 1) break
    checkChunk(chunk, !afterPixels && !chunk.isIntact)
    if (chunk.name === 'eXIf') info.set('exif', chunk.data)
    const text = textOf(chunk)
    if (text === null) continue
    textBytes += text.text.length
    if (textBytes > MAX_TEXTS_BYTES) throw new Error(`texts take more than ${MAX_TEXTS_BYTES} bytes`)
    noteText(info, text)
  }
  const raw = info.get(RAW_EXIF_KEYWORD)
  const xmp = [info.get(XMP_KEYWORD), info.get('xmp')].find(
    (packet) => packet !== undefined && packet.length > 0,
  )
  return {
    exif: info.get('exif') ?? (raw === undefined ? null : rawProfile(raw)),
    xmp: xmp?.toString('latin1') ?? null,
  }
}
