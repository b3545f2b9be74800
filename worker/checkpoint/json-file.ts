import { open } from 'node:fs/promises'
import { InvalidInputError } from './invalid-input.ts'
import { type JsonLimits, parseStrictJson } from './strict-json.ts'

export interface JsonFileLimits extends JsonLimits {
  readonly maxBytes: number
}

/** A config has tens of fields; 1 MiB leaves room for any number of label names in an image encoder's. */
export const CONFIG_LIMITS: JsonFileLimits = { maxBytes: 2 ** 20, maxDepth: 16, maxItems: 100_000 }

const decodeUtf8 = (file: string, bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new InvalidInputError(file, 'is not UTF-8 text; download the file again', { cause })
  }
}

/**
 * The JSON of a file, or undefined if there is no such file.
 * `file` is the name used in messages, `path` where it is.
 */
export const readJsonFile = async (
  file: string,
  path: string,
  limits: JsonFileLimits = CONFIG_LIMITS,
): Promise<unknown> => {
  let handle: Awaited<ReturnType<typeof open>>
  try {
    handle = await open(path, 'r')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new InvalidInputError(file, `cannot be read (${String(code)}); check its permissions`, { cause })
  }
  await using opened = handle
  const stats = await opened.stat()
  if (!stats.isFile()) throw new InvalidInputError(file, 'is not a file')
  if (stats.size > limits.maxBytes) {
    throw new InvalidInputError(
      file,
      `has ${stats.size} bytes, more than the ${limits.maxBytes} such a file can need`,
    )
  }
  const bytes = Buffer.alloc(stats.size)
  const { bytesRead } = await opened.read(bytes, 0, stats.size, 0)
  return parseStrictJson(file, decodeUtf8(file, bytes.subarray(0, bytesRead)), limits)
}
