import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { type JsonLimits, parseStrictJson } from '../../shared/json/strict-json.ts'
import { shown, throwFaults } from './faults.ts'
import { type OpenedFile, openFile } from './file-bytes.ts'
import { bfloat16ToFloat32, float16ToFloat32 } from './half-floats.ts'
import { checkLayout, type TensorEntry } from './safetensors-layout.ts'
import { isIndexDtype, isWeightDtype, type StoredTensor } from './stored-tensors.ts'

/** The header's length comes first, as an unsigned 64-bit little-endian number. */
const LENGTH_BYTES = 8

/** The reference library's own limit. */
const MAX_HEADER_BYTES = 100_000_000

/** `{}`. */
const MIN_HEADER_BYTES = 2

/**
 * A header is an object of entries with lists in them: three levels. A tensor has at most eleven items with eight
 * axes, and SVD's UNet 1,428 tensors; half a million items leave room for any model.
 */
const HEADER_LIMITS: JsonLimits = { maxDepth: 3, maxItems: 500_000, fix: 'download the file again' }

const DOWNLOAD_AGAIN =
  'Not a safetensors file, or truncated: download it again (a Git LFS pointer: git lfs pull)'

const readHeaderBytes = async (path: string, opened: OpenedFile): Promise<Buffer> => {
  const { sizeBytes } = opened
  if (sizeBytes < LENGTH_BYTES + MIN_HEADER_BYTES) {
    throw new InvalidInputError(path, `has ${sizeBytes} bytes. ${DOWNLOAD_AGAIN}`)
  }
  const headerBytes = (await opened.read(0, LENGTH_BYTES)).readBigUInt64LE(0)
  const limit = Math.min(MAX_HEADER_BYTES, sizeBytes - LENGTH_BYTES)
  if (headerBytes < MIN_HEADER_BYTES || headerBytes > limit) {
    throw new InvalidInputError(
      path,
      `says that its header has ${headerBytes} bytes; supported: ${MIN_HEADER_BYTES} to ${MAX_HEADER_BYTES}, ` +
        `inside the file's ${sizeBytes}. ${DOWNLOAD_AGAIN}`,
    )
  }
  return opened.read(LENGTH_BYTES, Number(headerBytes))
}

const parseHeader = (path: string, bytes: Uint8Array): object => {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new InvalidInputError(path, `its header is not UTF-8 text. ${DOWNLOAD_AGAIN}`, { cause })
  }
  if (!text.startsWith('{')) {
    const start = shown(text.slice(0, 10))
    throw new InvalidInputError(path, `its header begins with ${start} instead of "{". ${DOWNLOAD_AGAIN}`)
  }
  return Object(parseStrictJson(path, text, HEADER_LIMITS))
}

const toStoredTensors = (
  path: string,
  file: string,
  dataStart: number,
  entries: readonly TensorEntry[],
): ReadonlyMap<string, StoredTensor> => {
  const tensors = new Map<string, StoredTensor>()
  const refused: TensorEntry[] = []
  for (const entry of entries) {
    const { key, dtype, shape, begin, end } = entry
    if (isWeightDtype(dtype) || isIndexDtype(dtype)) {
      tensors.set(key, { key, dtype, shape, file, offsetBytes: dataStart + begin, sizeBytes: end - begin })
    } else refused.push(entry)
  }
  throwFaults(
    path,
    refused.map(({ key, dtype }) => ({
      field: shown(key),
      message: `has dtype ${dtype}; supported: F32, F16, BF16`,
    })),
  )
  return tensors
}

/**
 * Reads where each tensor of a safetensors file lies, in the order of their offsets; no weights are read.
 * Throws InvalidInputError for anything but a sound file: https://github.com/huggingface/safetensors#format
 */
export const readSafetensorsHeader = async (path: string): Promise<ReadonlyMap<string, StoredTensor>> => {
  await using opened = await openFile(path)
  const bytes = await readHeaderBytes(path, opened)
  const dataStart = LENGTH_BYTES + bytes.length
  const { entries, faults } = checkLayout(parseHeader(path, bytes), opened.sizeBytes - dataStart)
  throwFaults(path, faults)
  return toStoredTensors(path, opened.realPath, dataStart, entries)
}

/** The values of one weight in row-major order; float16 and bfloat16 are widened exactly. */
export const readTensorValues = async (tensor: StoredTensor): Promise<Float32Array> => {
  await using opened = await openFile(tensor.file)
  const { buffer } = await opened.read(tensor.offsetBytes, tensor.sizeBytes)
  if (tensor.dtype === 'F32') return new Float32Array(buffer)
  const bits = new Uint16Array(buffer)
  return tensor.dtype === 'F16' ? float16ToFloat32(bits) : bfloat16ToFloat32(bits)
}
