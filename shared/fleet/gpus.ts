/*
 * NVIDIA's cards as far as they are planned with. Peaks are those of the data sheets: dense (without sparsity, which
 * the sheets of Ampere and later double), with sums in float32, at the highest clock.
 *
 *     T4         NVIDIA T4 data sheet: 65 mixed-precision, 8.1 single-precision TFLOPS, 320+ GB/s, 70 W
 *     L4         NVIDIA L4 data sheet: FP16 242 with sparsity, FP32 30.3, 300 GB/s, 72 W
 *     A10G       NVIDIA A10G data sheet for AWS: FP16 70 | 140 with sparsity, FP32 35, 600 GB/s
 *     L40S       NVIDIA L40S data sheet: FP16 362.05 | 733 with sparsity, FP32 91.6, 864 GB/s
 *     A100       NVIDIA A100 data sheet: FP16 312 | 624 with sparsity, FP32 19.5; 40 GB 1,555 GB/s, 80 GB PCIe 1,935, SXM 2,039
 *     H100       NVIDIA H100 data sheet: FP16 with sparsity PCIe 1,513, SXM 1,979; FP32 51, 67; 2 TB/s, 3.35 TB/s
 *     H200       NVIDIA H200 data sheet: FP16 1,979 with sparsity, FP32 67, 4.8 TB/s
 *
 * Cards without a form in their name are SXM modules. Memory is what the driver reports, a little below the sheet's.
 * Compute capabilities are those of NVIDIA's list of CUDA GPUs.
 */

export type GpuName =
  | 'T4'
  | 'L4'
  | 'A10G'
  | 'L40S'
  | 'A100 40 GB'
  | 'A100 80 GB PCIe'
  | 'A100 80 GB'
  | 'H100 PCIe'
  | 'H100'
  | 'H200'

export interface Gpu {
  readonly name: GpuName
  /** 75 for sm_75. */
  readonly computeCapability: number
  readonly memoryMib: number
  /** Dense, tensor cores, float16. */
  readonly fp16Tflops: number
  /** Outside the tensor cores. */
  readonly fp32Tflops: number
  readonly memoryGbPerSecond: number
  /** False: at its power limit (70 W) the card cannot hold the clock that its peak is stated at. */
  readonly holdsClock: boolean
}

export const GPUS = {
  t4: {
    ...{ name: 'T4', computeCapability: 75, memoryMib: 15_360, holdsClock: false },
    ...{ fp16Tflops: 65, fp32Tflops: 8.1, memoryGbPerSecond: 320 },
  },
  l4: {
    ...{ name: 'L4', computeCapability: 89, memoryMib: 22_888, holdsClock: false },
    ...{ fp16Tflops: 121, fp32Tflops: 30.3, memoryGbPerSecond: 300 },
  },
  a10g: {
    ...{ name: 'A10G', computeCapability: 86, memoryMib: 22_888, holdsClock: true },
    ...{ fp16Tflops: 70, fp32Tflops: 35, memoryGbPerSecond: 600 },
  },
  l40s: {
    ...{ name: 'L40S', computeCapability: 89, memoryMib: 45_776, holdsClock: true },
    ...{ fp16Tflops: 362, fp32Tflops: 91.6, memoryGbPerSecond: 864 },
  },
  a100: {
    ...{ name: 'A100 40 GB', computeCapability: 80, memoryMib: 40_960, holdsClock: true },
    ...{ fp16Tflops: 312, fp32Tflops: 19.5, memoryGbPerSecond: 1555 },
  },
  'a100-80gb-pcie': {
    ...{ name: 'A100 80 GB PCIe', computeCapability: 80, memoryMib: 81_920, holdsClock: true },
    ...{ fp16Tflops: 312, fp32Tflops: 19.5, memoryGbPerSecond: 1935 },
  },
  'a100-80gb': {
    ...{ name: 'A100 80 GB', computeCapability: 80, memoryMib: 81_920, holdsClock: true },
    ...{ fp16Tflops: 312, fp32Tflops: 19.5, memoryGbPerSecond: 2039 },
  },
  'h100-pcie': {
    ...{ name: 'H100 PCIe', computeCapability: 90, memoryMib: 81_559, holdsClock: true },
    ...{ fp16Tflops: 756, fp32Tflops: 51, memoryGbPerSecond: 2000 },
  },
  h100: {
    ...{ name: 'H100', computeCapability: 90, memoryMib: 81_559, holdsClock: true },
    ...{ fp16Tflops: 989, fp32Tflops: 67, memoryGbPerSecond: 3350 },
  },
  h200: {
    ...{ name: 'H200', computeCapability: 90, memoryMib: 143_771, holdsClock: true },
    ...{ fp16Tflops: 989, fp32Tflops: 67, memoryGbPerSecond: 4800 },
  },
} as const satisfies Record<string, Gpu>
