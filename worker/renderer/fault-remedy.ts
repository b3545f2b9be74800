import { classifyCudaFault } from '../engine/cuda-faults.ts'
import { DeviceFaultError } from '../engine/device-fault.ts'
import { CardUnusableError } from './card-unusable-error.ts'
import { RendererCrashedError } from './renderer-crashed.ts'

/*
 * What the process that started a renderer does about a fault of the card:
 *
 *     sticky             ends the process; the caller tries the job again, in a new one
 *     out-of-memory      the same: the process had tried a smaller memory plan before
 *     attention-refused  ends the process, and renders the job once more in one that does without cuDNN's attention
 *     card-lost,         ends the process, and throws `CardUnusableError`
 *     cannot-run
 */

/** Variables with which ONNX Runtime takes flash attention where it would take cuDNN's: on compute capability 9.0. */
export const FLASH_ATTENTION: Readonly<Record<string, string>> = { ORT_ENABLE_CUDNN_FLASH_ATTENTION: '0' }

/** Variables with which a new process can run the job; `null` where none help. */
export const variablesAfter = (error: unknown): Readonly<Record<string, string>> | null =>
  error instanceof DeviceFaultError && error.fault === 'attention-refused' ? FLASH_ATTENTION : null

/** Whether the process is of no more use: its context, its memory or its environment is spoilt. */
export const endsProcess = (error: unknown): boolean => error instanceof DeviceFaultError

/** The error as its caller has to see it. A process that died may have printed that the card is lost. */
export const afterProcess = (error: unknown): unknown => {
  const isUnusable =
    (error instanceof DeviceFaultError && (error.fault === 'card-lost' || error.fault === 'cannot-run')) ||
    (error instanceof RendererCrashedError && classifyCudaFault(error.lastStderr)?.fault === 'card-lost')
  return isUnusable ? new CardUnusableError(error.message, { cause: error }) : error
}
