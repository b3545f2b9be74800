import { cpuTarget } from './cpu.ts'
import { cudaTarget } from './cuda/cuda.ts'
import { oneTarget, type Targets } from './target.ts'

/** Portable ONNX in float32. */
export const cpuTargets: Targets = oneTarget(cpuTarget)

/** Types of a card's activations, as weight files are named after them. */
export const PRECISIONS = ['fp16', 'fp32'] as const
export type Precision = (typeof PRECISIONS)[number]

export interface CudaTargetsOptions {
  readonly precision: Precision
  /** The VAE's `force_upcast`: in fp16 its encoder, and only it, works in float32, as in diffusers. */
  readonly forceUpcast: boolean
}

/** Graphs for ONNX Runtime's CUDA provider alone. */
export const cudaTargets = ({ precision, forceUpcast }: CudaTargetsOptions): Targets => {
  const name = `cuda-${precision}`
  const single = cudaTarget('float32')
  if (precision === 'fp32') return { ...oneTarget(single), name }
  const half = cudaTarget('float16')
  return { ...oneTarget(half), name, vaeEncoder: forceUpcast ? single : half }
}

export const TARGET_NAMES = ['cpu', 'cuda'] as const
export type TargetName = (typeof TARGET_NAMES)[number]

export type ClipTargetsOptions =
  | { readonly target: 'cpu' }
  | ({ readonly target: 'cuda' } & CudaTargetsOptions)

/** The target of every network, by the name that users give. */
export const clipTargets = (options: ClipTargetsOptions): Targets =>
  options.target === 'cpu' ? cpuTargets : cudaTargets(options)
