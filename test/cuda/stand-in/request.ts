import type { InferenceSession } from 'onnxruntime-node'

/** A request to the child process, as JSON. */
export interface ChildRequest {
  /** Folder of the onnxruntime-node that has the CUDA provider. */
  readonly runtime: string
  /** The addon that loads the stand-in libraries and returns their counts. */
  readonly report: string
  /** File of the ModelProto. */
  readonly model: string
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[]
  readonly runs: number
  readonly sessionOptions: InferenceSession.SessionOptions
  /** File that the answer is written to. */
  readonly answer: string
}

/** Counts of the stand-in libraries between two reports. Names of kernels are full, demangled C++ names. */
export interface RawCounts {
  /** Bytes of device memory that are allocated at the end. */
  readonly heldBytes: number
  /** The most that was allocated at once, what was held before included. */
  readonly peakBytes: number
  /** Size of the last allocation that the card's memory had no space for; 0: there was none. */
  readonly refusedBytes: number
  readonly mallocs: number
  readonly memsets: number
  readonly copiesToDevice: number
  readonly copiesToHost: number
  readonly copiesOnDevice: number
  readonly hostToDeviceBytes: number
  readonly deviceToHostBytes: number
  readonly kernels: readonly (readonly [name: string, count: number])[]
  readonly gemms: readonly (readonly [name: string, count: number])[]
  readonly convolutions: readonly (readonly [name: string, count: number])[]
  /** Launches that a card would have refused. */
  readonly faults: readonly string[]
}

export interface ChildPhase {
  readonly seconds: number
  readonly counts: RawCounts
}

export interface ChildAnswer {
  readonly creation: ChildPhase
  /** The last one is that which failed, if one did. */
  readonly runs: readonly ChildPhase[]
  readonly outputs: Readonly<Record<string, readonly number[]>>
  readonly error: string | null
}
