import { shownValue } from '../../shared/contracts/shown-value.ts'
import { cudaFixes } from './cuda-fixes.ts'
import { type CudaState, cudaFaults } from './cuda-state.ts'

/**
 * ONNX Runtime 1.30.0 throws the first when the provider, or a library that it NEEDs, cannot be loaded. The others are
 * texts in the provider, for what it opens later.
 */
const LOAD_FAULT =
  /Failed to load (shared )?library|cannot open shared object file|dlopen|Unable to load (any )?lib/

/** Whether ONNX Runtime threw this error because it could not load the provider or a library of NVIDIA's. */
export const isLoadFault = ({ message }: Error): boolean => LOAD_FAULT.test(message)

/** The setting that made a caller load the provider, as its user spells it. */
export interface DeviceSetting {
  readonly field: string
  readonly value: string
}

/**
 * An error that names what is missing, for one that ONNX Runtime threw when it could not load the CUDA provider. ONNX
 * Runtime says "Failed to load shared library" for every cause, and writes the library's name to stderr alone. Returns
 * `null` for an error of another kind. `state` is what `readCudaState` says after the fault.
 *
 *     const explained = explainLoadFault(error, state, { field: '--device', value: 'cuda' })
 *     throw explained ?? error
 */
export const explainLoadFault = (
  error: unknown,
  state: CudaState,
  { field, value }: DeviceSetting,
): Error | null => {
  if (!(error instanceof Error) || !isLoadFault(error)) return null
  const rule = `${field}: got ${shownValue(value)}; it needs ONNX Runtime's CUDA provider and NVIDIA's libraries`
  const faults = cudaFaults(state)
  if (faults.length === 0) {
    const message = `${rule}, which are all found, but ONNX Runtime fails: ${error.message}`
    return new Error(message, { cause: error })
  }
  const fixes = cudaFixes(state).map((fix) => `fix: ${fix}`)
  return new Error([`${rule}:`, ...faults, ...fixes].join('\n  '), { cause: error })
}
