import { cpuTarget } from './cpu.ts'
import { cudaTarget } from './cuda/cuda.ts'
import { packedHeadSizesOf } from './cuda/packed-attention.ts'
import { oneTarget, type Target, type Targets } from './target.ts'

export const PRECISIONS = ['fp16', 'fp32'] as const
export type Precision = (typeof PRECISIONS)[number]

export interface CudaTargetOptions {
  readonly precision: Precision
  /** `force_upcast` of the VAE's config: the VAE's encoder overflows in float16, so it alone stays float32. */
  readonly forceUpcast: boolean
  /** 75 for sm_75, whose graphs differ. Default `null`: graphs for any card. */
  readonly computeCapability?: number | null
}

/** Targets of a clip's networks on CUDA. */
export const cudaTargets = ({
  precision,
  forceUpcast,
  computeCapability = null,
}: CudaTargetOptions): Targets => {
  if (precision === 'fp32') return oneTarget(cudaTarget('float32'))
  const half = cudaTarget('float16', { packedHeadSizes: packedHeadSizesOf(computeCapability) })
  const vaeEncoder = forceUpcast ? cudaTarget('float32') : half
  return { name: half.name, imageEncoder: half, vaeEncoder, unet: half, vaeDecoder: half }
}

/** Targets of a clip's networks on the CPU, which computes in float32 alone. */
export const cpuTargets = (target: Target = cpuTarget): Targets => oneTarget(target)

export const TARGET_NAMES = ['cpu', 'cuda'] as const
export type TargetName = (typeof TARGET_NAMES)[number]

export type ClipTargetsOptions =
  | { readonly target: 'cpu' }
  | ({ readonly target: 'cuda' } & CudaTargetOptions)

/** Targets by the name that users give: portable ONNX, or graphs for ONNX Runtime's CUDA provider alone. */
export const clipTargets = (options: ClipTargetsOptions): Targets =>
  options.target === 'cpu' ? cpuTargets() : cudaTargets(options)
