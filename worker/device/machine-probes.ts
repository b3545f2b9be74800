import { readCards } from '../cuda/cards.ts'
import type { DeviceProbes } from '../cuda/choose-device.ts'
import { cudaFixes } from '../cuda/cuda-fixes.ts'
import { assertCudaPlatform } from '../cuda/cuda-platform.ts'
import { type CudaState, cudaFaults, readCudaState } from '../cuda/cuda-state.ts'
import { type CudaTarget, thisCudaTarget } from '../cuda/cuda-target.ts'

/**
 * This machine's cards and what of CUDA is missing on it, for processes that are started with `environment`. The
 * provider's libraries are hashed once: with a damaged one, a card computes anything.
 */
export const machineProbes = (
  environment: CudaTarget['environment'],
  findTarget: () => CudaTarget = () => thisCudaTarget(environment),
): DeviceProbes => {
  const examine = async (): Promise<CudaState> => {
    const target = findTarget()
    assertCudaPlatform(target.platform)
    return await readCudaState(target, 'hashes', AbortSignal.any([]))
  }
  let state: Promise<CudaState> | undefined
  const readState = (): Promise<CudaState> => {
    state ??= examine()
    return state
  }
  return {
    readCards: () => readCards(environment),
    readCudaFaults: async () => cudaFaults(await readState()),
    readCudaFixes: async () => cudaFixes(await readState()),
  }
}
