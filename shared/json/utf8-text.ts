import { InvalidInputError } from '../contracts/invalid-input.ts'

/** The first bytes of text in another encoding: its byte order mark, or half of a first ASCII character. */
const OTHER_ENCODINGS: readonly { readonly name: string; readonly start: readonly (number | null)[] }[] = [
  { name: 'UTF-32', start: [0xff, 0xfe, 0, 0] },
  { name: 'UTF-32', start: [0, 0, 0xfe, 0xff] },
  { name: 'UTF-32', start: [null, 0, 0, 0] },
  { name: 'UTF-32', start: [0, 0, 0, null] },
  { name: 'UTF-16', start: [0xff, 0xfe] },
  { name: 'UTF-16', start: [0xfe, 0xff] },
  { name: 'UTF-16', start: [null, 0] },
  { name: 'UTF-16', start: [0, null] },
]

const otherEncodingOf = (bytes: Uint8Array): string | undefined =>
  OTHER_ENCODINGS.find(
    ({ start }) =>
      bytes.length >= start.length && start.every((byte, i) => byte === null || byte === bytes[i]),
  )?.name

/** UTF-8 text, without its byte order mark. Throws InvalidInputError that names the encoding, if it can be seen. */
export const decodeUtf8 = (field: string, bytes: Uint8Array): string => {
  const other = otherEncodingOf(bytes)
  if (other !== undefined) throw new InvalidInputError(field, `is ${other} text; save it as UTF-8`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new InvalidInputError(field, 'is not UTF-8 text; save it as UTF-8', { cause })
  }
}
