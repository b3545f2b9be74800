import { type FileHandle, open, realpath } from 'node:fs/promises'
import { basename } from 'node:path'
import { shown, throwFaults } from './faults.ts'
import { bfloat16ToFloat32, float16ToFloat32 } from './half-floats.ts'
import { InvalidInputError } from './invalid-input.ts'
import { checkLayout, type TensorEntry } from './safetensors-layout.ts'
import { type JsonLimits, parseStrictJson } from './strict-json.ts'

/** The header's length comes first, as an unsigned 64-bit little-endian number. */
const LENGTH_BYTES = 8

/** The reference library's own limit. */
const MAX_HEADER_BYTES = 100_000_000

/** `{}`. */
const MIN_HEADER_BYTES = 2

/**
 * A header is an object of entries with lists in them: three levels. SVD's UNet has 1,428 tensors of about ten
 * items; two million items leave room for any model and keep the parsed header under some 200 MB.
 */
const HEADER_LIMITS: JsonLimits = { maxDepth: 3, maxItems: 2_000_000 }

/** A read returns at most 2^31 - 1 bytes. */
const MAX_READ_BYTES = 2 ** 30

export type StoredDtype = 'F32' | 'F16' | 'BF16'

/** A tensor as it lies in a safetensors file. */
export interface StoredTensor {
  readonly key: string
  readonly dtype: StoredDtype
  readonly shape: readonly number[]
  /** Absolute path with symbolic links resolved (a Hub cache is made of them). */
  readonly file: string
  /** From the start of the file. */
  readonly offsetBytes: number
  readonly sizeBytes: number
}

const isStoredDtype = (dtype: string): dtype is StoredDtype =>
  dtype === 'F32' || dtype === 'F16' || dtype === 'BF16'

/** Buffers such as CLIP's `position_ids`: part of many checkpoints, read by none of the networks. */
const isIndexDtype = (dtype: string): boolean => /^(BOOL|[IU]\d+)$/.test(dtype)

/**
 * A map without the tensors of whole numbers, in which asking for one of those says what is wrong with it.
 * "Missing" would send the reader looking for a file.
 */
const refusingIndexTensors = (
  file: string,
  tensors: Map<string, StoredTensor>,
  indexDtypes: ReadonlyMap<string, string>,
): ReadonlyMap<string, StoredTensor> => {
  const get = (key: string): StoredTensor | undefined => {
    const dtype = indexDtypes.get(key)
    if (dtype === undefined) return Map.prototype.get.call(tensors, key)
    throw new InvalidInputError(
      `${basename(file)}: ${shown(key)}`,
      `has dtype ${dtype}; weights must be F32, F16 or BF16 (quantised checkpoints are not supported)`,
    )
  }
  return indexDtypes.size === 0 ? tensors : Object.defineProperty(tensors, 'get', { value: get })
}

const openRegularFile = async (
  path: string,
): Promise<{ handle: FileHandle; file: string; sizeBytes: number }> => {
  try {
    const file = await realpath(path)
    const handle = await open(file, 'r')
    const stats = await handle.stat()
    if (stats.isFile()) return { handle, file, sizeBytes: stats.size }
    await handle.close()
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    const fix =
      code === 'ENOENT'
        ? 'it, or the file its symbolic link points to, is not there: download it again'
        : code
    throw new InvalidInputError(path, `cannot be opened; ${fix}`, { cause })
  }
  throw new InvalidInputError(path, 'is not a file')
}

/** Fewer bytes than asked for come back only if the file became shorter meanwhile. */
const readExactly = async (
  handle: FileHandle,
  path: string,
  offset: number,
  sizeBytes: number,
): Promise<Buffer<ArrayBuffer>> => {
  const bytes = Buffer.from(new ArrayBuffer(sizeBytes))
  let done = 0
  while (done < sizeBytes) {
    const length = Math.min(sizeBytes - done, MAX_READ_BYTES)
    const { bytesRead } = await handle.read(bytes, done, length, offset + done)
    if (bytesRead === 0)
      throw new InvalidInputError(path, `ends at byte ${offset + done}; it is truncated: download it again`)
    done += bytesRead
  }
  return bytes
}

const decodeHeader = (path: string, bytes: Uint8Array): object => {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new InvalidInputError(path, 'its header is not UTF-8 text; not a safetensors file, or damaged', {
      cause,
    })
  }
  if (!text.startsWith('{')) {
    throw new InvalidInputError(
      path,
      `its header begins with ${shown(text.slice(0, 10))} instead of "{"; not a safetensors file, or damaged`,
    )
  }
  return Object(parseStrictJson(path, text, HEADER_LIMITS))
}

const storedTensors = (path: string, file: string, dataStart: number, entries: readonly TensorEntry[]) => {
  const tensors = new Map<string, StoredTensor>()
  const indexDtypes = new Map<string, string>()
  const unsupported = entries.filter(({ dtype }) => !isStoredDtype(dtype) && !isIndexDtype(dtype))
  throwFaults(
    path,
    unsupported.map(({ key, dtype }) => ({
      field: shown(key),
      message: `has dtype ${dtype}; supported are F32, F16 and BF16`,
    })),
  )
  for (const { key, dtype, shape, begin, end } of entries) {
    if (isStoredDtype(dtype)) {
      tensors.set(key, { key, dtype, shape, file, offsetBytes: dataStart + begin, sizeBytes: end - begin })
    } else indexDtypes.set(key, dtype)
  }
  return refusingIndexTensors(file, tensors, indexDtypes)
}

/**
 * Reads where each tensor of a safetensors file lies; no weights are read.
 * The map holds the F32, F16 and BF16 tensors in the order of their offsets. Tensors of whole numbers (CLIP's
 * `position_ids`) are left out, and `get` throws if one is asked for.
 * Throws InvalidInputError for anything but a sound file: https://github.com/huggingface/safetensors#format
 */
export const readSafetensorsHeader = async (path: string): Promise<ReadonlyMap<string, StoredTensor>> => {
  const { handle, file, sizeBytes } = await openRegularFile(path)
  await using opened = handle
  if (sizeBytes < LENGTH_BYTES + MIN_HEADER_BYTES) {
    throw new InvalidInputError(
      path,
      `has ${sizeBytes} bytes, too few for a safetensors file: download it again (with Git LFS: git lfs pull)`,
    )
  }
  const headerBytes = (await readExactly(opened, path, 0, LENGTH_BYTES)).readBigUInt64LE(0)
  if (headerBytes < MIN_HEADER_BYTES || headerBytes > Math.min(MAX_HEADER_BYTES, sizeBytes - LENGTH_BYTES)) {
    throw new InvalidInputError(
      path,
      `says that its header has ${headerBytes} bytes; allowed are ${MIN_HEADER_BYTES} to ${MAX_HEADER_BYTES} that lie inside the ` +
        `file's ${sizeBytes}. Not a safetensors file, or truncated: download it again (with Git LFS: git lfs pull)`,
    )
  }
  const header = decodeHeader(path, await readExactly(opened, path, LENGTH_BYTES, Number(headerBytes)))
  const dataStart = LENGTH_BYTES + Number(headerBytes)
  const { entries, faults } = checkLayout(header, sizeBytes - dataStart)
  throwFaults(path, faults)
  return storedTensors(path, file, dataStart, entries)
}

/** The values of one tensor in row-major order; float16 and bfloat16 are widened exactly. */
export const readTensorValues = async (tensor: StoredTensor): Promise<Float32Array> => {
  const { handle } = await openRegularFile(tensor.file)
  await using opened = handle
  const { buffer } = await readExactly(opened, tensor.file, tensor.offsetBytes, tensor.sizeBytes)
  if (tensor.dtype === 'F32') return new Float32Array(buffer)
  const bits = new Uint16Array(buffer)
  return tensor.dtype === 'F16' ? float16ToFloat32(bits) : bfloat16ToFloat32(bits)
}
