import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { sidecarKey } from '../../../shared/contracts/bucket-layout.ts'
import { encodeSeed } from '../../../shared/contracts/parameters-document.ts'
import type { RenderArguments } from '../../../shared/contracts/render-arguments.ts'
import type { RequestContext } from '../../../shared/contracts/request-context.ts'
import { decodeImage } from '../../../shared/image/decode-image.ts'
import { encodePng } from '../../../shared/image/encode-png.ts'
import { type ImageFormat, imageFormatOf } from '../../../shared/image/image-format.ts'
import type { RgbImage } from '../../../shared/image/rgb-image.ts'
import { convertImage } from '../convert/convert-image.ts'
import { scaleDown } from '../convert/scale-down.ts'
import { type SourceFormat, sourceFormatOf } from '../convert/source-format.ts'
import type { Upload } from './upload.ts'

const CONTENT_TYPES: Readonly<Record<ImageFormat, string>> = {
  PNG: 'image/png',
  JPEG: 'image/jpeg',
  WebP: 'image/webp',
}

const ENDINGS: Readonly<Record<ImageFormat, RegExp>> = {
  PNG: /\.png$/i,
  JPEG: /\.jpe?g$/i,
  WebP: /\.webp$/i,
}

/** S3 takes 2 kB of names and values together. */
const MAX_METADATA_BYTES = 1900

const jsonValue = (value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)

/** S3 metadata is text in ASCII. */
const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

const metadataOf = (
  given: RenderArguments,
  context: RequestContext | null,
): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      `svd-${name.replaceAll('_', '-')}`,
      Array.isArray(value) ? value.join(',') : String(value),
    ]),
  ),
  ...(context !== null && { 'svd-context': asciiJson(context) }),
})

/** Ending of each format that ingest detects by its first bytes. It rejects an image whose name has another ending. */
const keyOfFormat = (key: string, format: ImageFormat): string =>
  ENDINGS[format].test(key) ? key : `${key}.${format.toLowerCase()}`

export interface ImageSize {
  readonly width: number
  readonly height: number
}

export interface ImageChecks {
  /** Folder that gets the images that are scaled down or converted. It has to stay until they are uploaded. */
  readonly scratchDir: string
  /** Called with the upright size of an image that is larger than ingest takes, and with what is uploaded. */
  readonly onScaled: (file: string, from: ImageSize, to: ImageSize) => void
  /** Called with the format of a file that is uploaded as a PNG, because ingest does not read it. */
  readonly onConverted?: (file: string, from: SourceFormat) => void
}

/** An image file as its user has it, and how ingest will read it. */
interface CheckedFile {
  readonly format: ImageFormat
  readonly image: RgbImage
  /** Byte count of the file; `null`: it is uploaded as a PNG of `image`. */
  readonly sizeBytes: number | null
}

const checkFile = async (file: string, onConverted: ImageChecks['onConverted']): Promise<CheckedFile> => {
  const bytes = await readFile(file)
  const source = sourceFormatOf(bytes)
  if (source === null) {
    const format = imageFormatOf(bytes, file)
    return { format, image: await decodeImage(bytes, file), sizeBytes: bytes.length }
  }
  const image = await convertImage(bytes, source, file)
  onConverted?.(file, source)
  return { format: 'PNG', image, sizeBytes: null }
}

/**
 * Checks an image as ingest will. Throws InvalidInputError where ingest would reject it. One that only has too many
 * pixels is scaled down, and an AVIF, TIFF or HEIC is converted to PNG. `key` gets the right ending if it has another:
 * `photo.avif` becomes `photo.avif.png`.
 */
export const checkImage = async (
  file: string,
  key: string,
  { scratchDir, onScaled, onConverted }: ImageChecks,
): Promise<Upload> => {
  const { format, image, sizeBytes } = await checkFile(file, onConverted)
  const upload = {
    name: file,
    key: keyOfFormat(key, format),
    contentType: CONTENT_TYPES[format],
    metadata: {},
  }
  const scaled = await scaleDown(image, format, file)
  if (scaled !== null) onScaled(file, image, scaled)
  else if (sizeBytes !== null) return { ...upload, body: { path: file, sizeBytes } }
  const bytes = scaled?.bytes ?? (await encodePng(image))
  const made = path.join(scratchDir, randomUUID())
  await writeFile(made, bytes)
  return { ...upload, body: { path: made, sizeBytes: bytes.length } }
}

export interface ImageRequest {
  readonly given: RenderArguments
  readonly context?: RequestContext | null
  /** The image has a clip of each of these seeds; absent or `null`: one clip. */
  readonly seeds?: readonly bigint[] | null
}

/**
 * An image to be rendered with these arguments: they are in its metadata, and so is the context, so that all arrive at
 * once. Several seeds, which are a grid, do not fit there, nor do lists of hundreds of sigmas and long contexts. Then all
 * go into a sidecar, which is uploaded before.
 */
export const imageWithArguments = (
  image: Upload,
  { given, context = null, seeds = null }: ImageRequest,
): readonly Upload[] => {
  const metadata = metadataOf(given, context)
  const bytes = Object.entries(metadata).reduce(
    (total, [name, value]) => total + name.length + value.length,
    0,
  )
  if (bytes <= MAX_METADATA_BYTES && seeds === null) return [{ ...image, metadata }]
  const parameters = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, jsonValue(value)]),
  )
  const sidecar: Upload = {
    name: image.name,
    key: sidecarKey(image.key),
    body: new TextEncoder().encode(
      JSON.stringify({
        parameters,
        ...(seeds !== null && { grid: { seed: seeds.map(encodeSeed) } }),
        ...(context !== null && { context }),
      }),
    ),
    contentType: 'application/json',
    metadata: {},
  }
  return [sidecar, image]
}
