import { type CudaMachine, readCudaState } from '../cuda/cuda-state.ts'
import { explainLoadFault, isLoadFault } from '../cuda/explain-load-fault.ts'
import { PROVIDER_RELEASE } from '../cuda/provider-release.ts'
import { findRuntimePackage } from '../cuda/runtime-package.ts'
import { type CudaFault, classifyCudaFault } from './cuda-faults.ts'
import { DeviceFaultError } from './device-fault.ts'

/** ONNX Runtime 1.30.0 throws this for a strict session. It names no node. */
const CPU_FALLBACK = /fallback to CPU EP has been explicitly disabled/

const messages: Readonly<Record<CudaFault, (network: string, what: string) => string>> = {
  'out-of-memory': (network, what) =>
    `${network}: the card has not enough free memory (${what}); render smaller (--decode-chunk-size, --width, ` +
    '--height), give --memory low-vram, or stop other programs that use the card',
  sticky: (network, what) =>
    `${network}: the card stopped this process's work (${what}); a new process may be able to run it`,
  'card-lost': (network, what) =>
    `${network}: the card is lost (${what}); restart or replace the machine, and see nvidia-smi and the Xid lines ` +
    'of dmesg for the cause',
  'cannot-run': (network, what) =>
    `${network}: the card or its driver does not fit ONNX Runtime's CUDA provider (${what}); ` +
    'svd doctor --device cuda says what to change',
  'attention-refused': (network, what) =>
    `${network}: cuDNN refuses its attention (${what}); ORT_ENABLE_CUDNN_FLASH_ATTENTION=0 takes flash attention instead`,
}

/** The machine of this process, which opens the provider. */
const thisMachine = (): CudaMachine => ({
  packageDir: findRuntimePackage(),
  release: PROVIDER_RELEASE,
  program: process.execPath,
  environment: process.env,
})

const loadMessage = async (error: Error, machine: () => CudaMachine): Promise<string> => {
  try {
    const state = await readCudaState(machine(), 'sizes', AbortSignal.any([]))
    const explained = explainLoadFault(error, state, { field: '--device', value: 'cuda' })
    if (explained !== null) return explained.message
  } catch {
    // What was thrown first says more than why the machine cannot be examined.
  }
  return `${error.message}; see: svd cuda check`
}

/**
 * The error to throw for one that ONNX Runtime threw when it created or ran a session on CUDA: it names the network,
 * what happened and what to do. A fault of the card is a `DeviceFaultError`; an error of another kind is returned as it
 * is. `machine` is examined only where the provider could not be loaded.
 */
export const explainSessionError = async (
  network: string,
  error: unknown,
  machine: () => CudaMachine = thisMachine,
): Promise<unknown> => {
  if (!(error instanceof Error)) return error
  if (isLoadFault(error)) {
    return new DeviceFaultError('cannot-run', await loadMessage(error, machine), { cause: error })
  }
  if (CPU_FALLBACK.test(error.message)) {
    return new Error(
      `${network}: ONNX Runtime has no CUDA kernel for some of its nodes and would run them on the CPU, which is slow ` +
        'and not allowed; this is a fault of svd-batch for this checkpoint or size, so please report it; ' +
        '--device cpu renders without CUDA',
      { cause: error },
    )
  }
  const classified = classifyCudaFault(error.message)
  if (classified === null) return error
  const { fault, what } = classified
  return new DeviceFaultError(fault, messages[fault](network, what), { cause: error })
}
