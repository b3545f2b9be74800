import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'

/** The only system and processor that the pinned provider is built for, by Node's names. */
export const CUDA_PLATFORM = 'linux-x64'

/** Throws InvalidInputError for a platform, such as `darwin-arm64`, that has no provider. */
export const assertCudaPlatform = (platform: string): void => {
  if (platform === CUDA_PLATFORM) return
  const fix = 'render on the CPU here, or use a Linux machine on x86-64 with an NVIDIA GPU'
  throw new InvalidInputError(
    'platform',
    `got ${platform}; must be ${CUDA_PLATFORM} for the CUDA provider; ${fix}`,
  )
}
