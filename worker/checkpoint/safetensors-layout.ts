import { z } from 'zod'
import { elementCount } from './element-count.ts'
import { type Fault, shown } from './faults.ts'

/** Bytes per element of every dtype that a safetensors file may hold in whole bytes. */
const ELEMENT_BYTES: ReadonlyMap<string, number> = new Map([
  ...['BOOL', 'U8', 'I8', 'F8_E4M3', 'F8_E5M2', 'F8_E8M0'].map((dtype) => [dtype, 1] as const),
  ...['U16', 'I16', 'F16', 'BF16'].map((dtype) => [dtype, 2] as const),
  ...['U32', 'I32', 'F32'].map((dtype) => [dtype, 4] as const),
  ...['U64', 'I64', 'F64', 'C64'].map((dtype) => [dtype, 8] as const),
])

/** Weights of a convolution over frames, height and width have 5 axes; 8 leaves room for buffers. */
const MAX_RANK = 8

/** A damaged header has a fault in every tensor; past this many they cost memory and tell nothing new. */
const MAX_FAULTS = 100

const wholeNumber = z.int('must be a whole number below 2^53').nonnegative('must not be negative')

const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(wholeNumber).max(MAX_RANK, `must have at most ${MAX_RANK} axes`),
  data_offsets: z.tuple([wholeNumber, wholeNumber]),
})

const metadataSchema = z.record(z.string(), z.string())

/** Location of a tensor; `begin` and `end` are counted from the end of the header. */
export interface TensorEntry {
  readonly key: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

const zodFaults = (key: string, error: z.ZodError): Fault[] =>
  error.issues.map(({ path, message }) => ({
    field: shown(key),
    message: `${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`,
  }))

const sizeFault = ({ key, dtype, shape, begin, end }: TensorEntry, dataBytes: number): Fault | undefined => {
  const field = shown(key)
  const width = ELEMENT_BYTES.get(dtype)
  if (width === undefined) {
    return { field, message: `has the unknown dtype ${shown(dtype)}; supported are F32, F16 and BF16` }
  }
  if (begin > end || end > dataBytes) {
    return {
      field,
      message: `lies at bytes ${begin} to ${end} of ${dataBytes} bytes of data; the file is truncated or damaged: download it again`,
    }
  }
  // Exact up to 2^53, and beyond it never equal to a size that lies inside the file.
  const sizeBytes = elementCount(shape) * width
  if (sizeBytes !== end - begin) {
    return {
      field,
      message: `has ${end - begin} bytes, but ${dtype} of shape [${shape.join(', ')}] needs ${sizeBytes}`,
    }
  }
  return undefined
}

/** Tensors must tile the data: no byte twice, none unclaimed. `entries` in the order of their offsets. */
const tilingFaults = (entries: readonly TensorEntry[], dataBytes: number): Fault[] => {
  const faults: Fault[] = []
  let expected = 0
  for (const { key, begin, end } of entries) {
    if (begin !== expected) {
      const what =
        begin < expected ? 'overlaps the tensor before it' : 'leaves a gap after the tensor before it'
      faults.push({
        field: shown(key),
        message: `begins at byte ${begin} instead of ${expected}: it ${what}; download the file again`,
      })
    }
    expected = end
  }
  if (expected !== dataBytes) {
    faults.push({
      field: 'data',
      message: `has ${dataBytes} bytes, but the tensors end at ${expected}; download the file again`,
    })
  }
  return faults
}

/** A download that broke off: tensors tile more data than there is. One fault instead of one for each tensor behind. */
const truncationFault = (entries: readonly TensorEntry[], dataBytes: number): Fault | undefined => {
  const neededBytes = entries.at(-1)?.end ?? 0
  if (neededBytes <= dataBytes || tilingFaults(entries, neededBytes).length > 0) return undefined
  return {
    field: 'data',
    message: `has ${dataBytes} bytes of the ${neededBytes} that its header lists; it is truncated: download the file again`,
  }
}

/** Checks a parsed safetensors header against the size of its data. Entries come in the order of their offsets. */
export const checkLayout = (
  header: object,
  dataBytes: number,
): { readonly entries: readonly TensorEntry[]; readonly faults: readonly Fault[] } => {
  const entries: TensorEntry[] = []
  const faults: Fault[] = []
  for (const [key, value] of Object.entries(header)) {
    if (key === '__metadata__') {
      const metadata = metadataSchema.safeParse(value)
      if (!metadata.success) faults.push(...zodFaults(key, metadata.error))
      continue
    }
    const parsed = entrySchema.safeParse(value)
    if (!parsed.success) {
      faults.push(...zodFaults(key, parsed.error))
      continue
    }
    const {
      dtype,
      shape,
      data_offsets: [begin, end],
    } = parsed.data
    const entry = { key, dtype, shape, begin, end }
    const fault = sizeFault(entry, dataBytes)
    if (fault !== undefined && faults.length < MAX_FAULTS) faults.push(fault)
    entries.push(entry)
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end)
  const cutOff = truncationFault(entries, dataBytes)
  if (cutOff !== undefined) return { entries, faults: [cutOff] }
  return { entries, faults: faults.length > 0 ? faults : tilingFaults(entries, dataBytes) }
}
