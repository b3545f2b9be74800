import { InvalidInputError } from '../contracts/invalid-input.ts'
import { shownValue } from '../contracts/shown-value.ts'
import type { ImageFormat } from './image-format.ts'

const BY_EXTENSION: Readonly<Record<string, ImageFormat>> = {
  png: 'PNG',
  jpg: 'JPEG',
  jpeg: 'JPEG',
  webp: 'WebP',
}

const BY_CONTENT_TYPE: Readonly<Record<string, ImageFormat>> = {
  'image/png': 'PNG',
  'image/jpeg': 'JPEG',
  'image/jpg': 'JPEG',
  'image/webp': 'WebP',
}

/** Content types of an upload whose sender states none. */
const SAYS_NOTHING = ['application/octet-stream', 'binary/octet-stream', '']

const extensionOf = (name: string): string => /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''

/** The format that a file's name tells. Throws InvalidInputError if it is none of ours. */
export const formatOfName = (name: string, field: string): ImageFormat => {
  const extension = extensionOf(name)
  const format = Object.hasOwn(BY_EXTENSION, extension) ? BY_EXTENSION[extension] : undefined
  if (format !== undefined) return format
  const ending = extension === '' ? 'has no ending' : `ends with ${shownValue(`.${extension}`)}`
  throw new InvalidInputError(field, `its name ${ending}; must end with .png, .jpg, .jpeg or .webp`)
}

/** The format that a content type tells, or null. Throws InvalidInputError if it is none of ours. */
const formatOfContentType = (contentType: string | null, field: string): ImageFormat | null => {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (SAYS_NOTHING.includes(type)) return null
  const format = Object.hasOwn(BY_CONTENT_TYPE, type) ? BY_CONTENT_TYPE[type] : undefined
  if (format !== undefined) return format
  throw new InvalidInputError(
    field,
    `its content type is ${shownValue(type)}; must be image/png, image/jpeg or image/webp, or not said`,
  )
}

/**
 * Whether a file is what its uploader says. One that is not was mixed up, or is meant to be taken for something else
 * further on.
 *
 * @throws InvalidInputError (`field`).
 */
export const checkDeclaredFormat = (
  format: ImageFormat,
  { key, contentType }: { readonly key: string; readonly contentType: string | null },
  field: string,
): void => {
  if (formatOfName(key, field) !== format) {
    throw new InvalidInputError(
      field,
      `is a ${format} by its first bytes, but its name ends with .${extensionOf(key)}; rename it`,
    )
  }
  const declared = formatOfContentType(contentType, field)
  if (declared !== null && declared !== format) {
    throw new InvalidInputError(
      field,
      `is a ${format} by its first bytes, but its content type is that of a ${declared}; upload it again with the right one`,
    )
  }
}
