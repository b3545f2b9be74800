import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { sidecarKey } from '../../../shared/contracts/bucket-layout.ts'
import { encodeSeed } from '../../../shared/contracts/parameters-document.ts'
import type { RenderArguments } from '../../../shared/contracts/render-arguments.ts'
import type { RequestContext } from '../../../shared/contracts/request-context.ts'
import { decodeImage } from '../../../shared/image/decode-image.ts'
import { type ImageFormat, imageFormatOf } from '../../../shared/image/image-format.ts'
import { scaleDown } from './scale-down.ts'
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
  /** Folder that gets the images that are scaled down. It has to stay until they are uploaded. */
  readonly scratchDir: string
  /** Called with the upright size of an image that is larger than ingest takes, and with what is uploaded. */
  readonly onScaled: (file: string, from: ImageSize, to: ImageSize) => void
}

/**
 * Checks an image as ingest will. Throws InvalidInputError where ingest would reject it. One that only has too many
 * pixels is scaled down. `key` gets the right ending if it has another.
 */
export const checkImage = async (
  file: string,
  key: string,
  { scratchDir, onScaled }: ImageChecks,
): Promise<Upload> => {
  const bytes = await readFile(file)
  const format = imageFormatOf(bytes, file)
  const image = await decodeImage(bytes, file)
  const upload = {
    name: file,
    key: keyOfFormat(key, format),
    contentType: CONTENT_TYPES[format],
    metadata: {},
  }
  const scaled = await scaleDown(image, format, file)
  if (scaled === null) return { ...upload, body: { path: file, sizeBytes: bytes.length } }
  const scaledFile = path.join(scratchDir, randomUUID())
  await writeFile(scaledFile, scaled.bytes)
  onScaled(file, image, scaled)
  return { ...upload, body: { path: scaledFile, sizeBytes: scaled.bytes.length } }
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
