import { lstat } from 'node:fs/promises'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { type JsonLimits, parseStrictJson } from '../../shared/json/strict-json.ts'
import { errorCode, openFile } from './file-bytes.ts'

export interface JsonFileLimits extends JsonLimits {
  readonly maxBytes: number
}

/** A config has tens of fields; 1 MiB leaves room for any number of label names in an image encoder's. */
export const CONFIG_LIMITS: JsonFileLimits = {
  maxBytes: 2 ** 20,
  maxDepth: 16,
  maxItems: 100_000,
  fix: 'download the file again',
}

const decodeUtf8 = (file: string, bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new InvalidInputError(file, 'is not UTF-8 text; download the file again', { cause })
  }
}

/**
 * Whether there is anything of this name. A symbolic link to nowhere counts, and so does a file that cannot be
 * examined, because opening it reports what is wrong.
 */
export const exists = async (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    (error) => errorCode(error) !== 'ENOENT',
  )

/** Reads a file of JSON that has no key twice; `file` is its name in messages. Throws InvalidInputError. */
export const readJsonFile = async (
  file: string,
  path: string,
  limits: JsonFileLimits = CONFIG_LIMITS,
): Promise<unknown> => {
  await using opened = await openFile(path, file)
  const { sizeBytes } = opened
  if (sizeBytes > limits.maxBytes) {
    throw new InvalidInputError(
      file,
      `has ${sizeBytes} bytes, more than the ${limits.maxBytes} such a file can need`,
    )
  }
  return parseStrictJson(file, decodeUtf8(file, await opened.read(0, sizeBytes)), limits)
}
