/*
 * What an error of the CUDA provider means for the work that comes next:
 *
 *     out-of-memory      the context is sound; the same job may fit with a smaller memory plan
 *     sticky             the context is lost, and every call of this process fails from now on; a new process works
 *     card-lost          the card itself fails, and a new process fails too
 *     cannot-run         the driver or the card does not fit the provider
 *     attention-refused  cuDNN does not run the attention graph that it is given on compute capability 9.0
 */
export const CUDA_FAULTS = [
  'out-of-memory',
  'sticky',
  'card-lost',
  'cannot-run',
  'attention-refused',
] as const
export type CudaFault = (typeof CUDA_FAULTS)[number]

export interface ClassifiedFault {
  readonly fault: CudaFault
  /** The part of the text that says what happened, such as `CUDA failure 2: out of memory`. */
  readonly what: string
}

interface Code {
  readonly fault: CudaFault
  /** `cudaError_t`. */
  readonly number: number
  readonly name: string
}

/**
 * CUDA's errors by number and name, because ONNX Runtime prints one or the other. CUDA documents for each whether "the
 * process must be terminated and relaunched". An unknown error (999) is taken for one of those, because drivers report
 * it for most internal faults.
 */
const CODES: readonly Code[] = [
  { fault: 'out-of-memory', number: 2, name: 'cudaErrorMemoryAllocation' },
  { fault: 'cannot-run', number: 35, name: 'cudaErrorInsufficientDriver' },
  { fault: 'card-lost', number: 46, name: 'cudaErrorDevicesUnavailable' },
  { fault: 'card-lost', number: 100, name: 'cudaErrorNoDevice' },
  { fault: 'card-lost', number: 101, name: 'cudaErrorInvalidDevice' },
  { fault: 'cannot-run', number: 209, name: 'cudaErrorNoKernelImageForDevice' },
  { fault: 'card-lost', number: 214, name: 'cudaErrorECCUncorrectable' },
  { fault: 'card-lost', number: 220, name: 'cudaErrorNvlinkUncorrectable' },
  { fault: 'sticky', number: 700, name: 'cudaErrorIllegalAddress' },
  { fault: 'sticky', number: 702, name: 'cudaErrorLaunchTimeout' },
  { fault: 'sticky', number: 710, name: 'cudaErrorAssert' },
  { fault: 'sticky', number: 714, name: 'cudaErrorHardwareStackError' },
  { fault: 'sticky', number: 715, name: 'cudaErrorIllegalInstruction' },
  { fault: 'sticky', number: 716, name: 'cudaErrorMisalignedAddress' },
  { fault: 'sticky', number: 717, name: 'cudaErrorInvalidAddressSpace' },
  { fault: 'sticky', number: 718, name: 'cudaErrorInvalidPc' },
  { fault: 'sticky', number: 719, name: 'cudaErrorLaunchFailure' },
  { fault: 'card-lost', number: 802, name: 'cudaErrorSystemNotReady' },
  { fault: 'cannot-run', number: 803, name: 'cudaErrorSystemDriverMismatch' },
  { fault: 'sticky', number: 999, name: 'cudaErrorUnknown' },
]

/** Texts other than CUDA's own codes. The first that matches decides. */
const TEXTS: readonly (readonly [CudaFault, RegExp])[] = [
  // The kernel's log and nvidia-smi; 'Unable to determine the device handle' comes with the second.
  ['card-lost', /NVRM: Xid[^\n]*|[^\n.]*fallen off the bus[^\n]*|GPU is lost[^\n]*/],
  // Both the plan of the graph and its execution are in this file.
  ['attention-refused', /Failed to build cuDNN graph for Flash Attention/],
  ['attention-refused', /CUDNN_FE failure [^;]*(?=;[^\n]*cudnn_flash_attention\.cc)/],
  // From the arena, and from the limit that a session may be given.
  ['out-of-memory', /Failed to allocate memory for requested buffer of size \d+/],
  ['out-of-memory', /Available memory of \d+ is smaller than requested bytes of \d+/],
  // cuBLAS and cuDNN allocate while their handles are made. cuBLAS calls a failure of that "not initialized".
  ['out-of-memory', /CUBLAS failure \d+: CUBLAS_STATUS_(?:ALLOC_FAILED|NOT_INITIALIZED)/],
  ['out-of-memory', /CUDNN failure \d+: CUDNN_STATUS_\w*ALLOC\w*_FAILED/],
  ['out-of-memory', /CUDNN failure \d+: CUDNN_STATUS_NOT_INITIALIZED/],
  // A launch that failed before surfaces in whatever library calls next.
  ['sticky', /(?:CUBLAS|CUDNN) failure \d+: \w+_STATUS_(?:EXECUTION_FAILED|MAPPING_ERROR)\w*/],
  ['sticky', /CUDNN_FE failure \d+: CUDNN_BACKEND_API_FAILED(?=[^\n]*execute\()/],
]

const byNumber = (text: string): ClassifiedFault | null => {
  const [, what = '', number] = /\b(CUDA failure (\d+): [^;\n]*)/.exec(text) ?? []
  const code = CODES.find((each) => each.number === Number(number))
  return code === undefined ? null : { fault: code.fault, what: what.trim() }
}

const byName = (text: string): ClassifiedFault | null => {
  const [, what = '', name] = /\b(CUDA error (cudaError\w+):[^;\n]*)/.exec(text) ?? []
  const code = CODES.find((each) => each.name === name)
  return code === undefined ? null : { fault: code.fault, what: what.trim() }
}

const byText = (text: string): ClassifiedFault | null => {
  for (const [fault, pattern] of TEXTS) {
    const [what] = pattern.exec(text) ?? []
    if (what !== undefined) return { fault, what: what.trim() }
  }
  return null
}

/**
 * The class of an error that ONNX Runtime's CUDA provider threw, by its text; `null` for all others. Node gets nothing
 * but a text: errors of ONNX Runtime have no code.
 */
export const classifyCudaFault = (text: string): ClassifiedFault | null =>
  byNumber(text) ?? byName(text) ?? byText(text)
