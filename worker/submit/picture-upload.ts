import { readFile } from 'node:fs/promises'
import { sidecarKey } from '../../shared/contracts/bucket-layout.ts'
import type { RenderArguments } from '../../shared/contracts/render-arguments.ts'
import { decodeImage } from '../../shared/image/decode-image.ts'
import { type ImageFormat, imageFormatOf } from '../../shared/image/image-format.ts'
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

const metadataOf = (given: RenderArguments): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      `svd-${name.replaceAll('_', '-')}`,
      Array.isArray(value) ? value.join(',') : String(value),
    ]),
  )

/** Of what ingest tells by its first bytes: it takes no picture whose name says another. */
const keyOfFormat = (key: string, format: ImageFormat): string =>
  ENDINGS[format].test(key) ? key : `${key}.${format.toLowerCase()}`

/**
 * Looks at a picture as ingest will. Throws InvalidInputError where ingest would reject it. `key` gets the right ending
 * if it has another.
 */
export const checkPicture = async (file: string, key: string): Promise<Upload> => {
  const bytes = await readFile(file)
  const format = imageFormatOf(bytes, file)
  await decodeImage(bytes, file)
  return {
    name: file,
    key: keyOfFormat(key, format),
    body: { path: file, sizeBytes: bytes.length },
    contentType: CONTENT_TYPES[format],
    metadata: {},
  }
}

/**
 * A picture to be rendered with these arguments: they are in its metadata, so that both arrive at once. Lists of
 * hundreds of sigmas are too long for that, and go into a sidecar, which is uploaded before.
 */
export const pictureWithArguments = (picture: Upload, given: RenderArguments): readonly Upload[] => {
  const metadata = metadataOf(given)
  const bytes = Object.entries(metadata).reduce(
    (total, [name, value]) => total + name.length + value.length,
    0,
  )
  if (bytes <= MAX_METADATA_BYTES) return [{ ...picture, metadata }]
  const parameters = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, jsonValue(value)]),
  )
  const sidecar: Upload = {
    name: picture.name,
    key: sidecarKey(picture.key),
    body: new TextEncoder().encode(JSON.stringify({ parameters })),
    contentType: 'application/json',
    metadata: {},
  }
  return [sidecar, picture]
}
