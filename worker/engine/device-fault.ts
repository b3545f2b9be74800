import type { CudaFault } from './cuda-faults.ts'

/** The card failed under a network. The class decides what the renderer, and then the worker, do about it. */
export class DeviceFaultError extends Error {
  override readonly name = 'DeviceFaultError'
  readonly fault: CudaFault

  constructor(fault: CudaFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}
