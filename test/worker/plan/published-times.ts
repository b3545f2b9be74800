import { GPUS } from '../../../shared/fleet/gpus.ts'
import type { Speed } from '../../../worker/plan/roofline.ts'

/*
 * Every time that was published for SVD-XT (25 frames, 1024x576, guidance on) with exact numerics on a card whose peak
 * is known. They are what `REACHED` rests on. int8, skipped layers and distilled steps are other work, and left
 * out; so are the 180 s of the model's card (A100, 30 steps, at release: a decoder in float32, no fused attention) and
 * the "about 60 s" of a hosted demo, of which nobody says what they hold.
 *
 * Peaks are dense float16 as the data sheets state them. GeForce cards do twice as much where sums are kept in float16:
 * `halfSums` says that the run is known to, or has to, have used it.
 */
export interface PublishedTime {
  readonly card: string
  readonly speed: Speed
  readonly steps: number
  readonly seconds: number
  readonly source: string
}

const A100_SXM: Speed = GPUS['a100-80gb']
const A100_PCIE: Speed = GPUS['a100-80gb-pcie']
const H100_PCIE: Speed = GPUS['h100-pcie']
const A10G: Speed = GPUS.a10g
const geForce = (fp16Tflops: number, fp32Tflops: number, memoryGbPerSecond: number): Speed => ({
  ...{ fp16Tflops, fp32Tflops, memoryGbPerSecond },
  holdsClock: true,
})
const RTX_3090 = geForce(71, 35.6, 936)
const RTX_4080 = geForce(97.5, 48.7, 717)
const RTX_4090 = geForce(165.2, 82.6, 1008)
const halfSums = (speed: Speed): Speed => ({ ...speed, fp16Tflops: 2 * speed.fp16Tflops })

const TENSORRT = 'Hub card stabilityai/stable-video-diffusion-img2vid-xt-1-1-tensorrt'
const ONEDIFF = 'siliconflow/onediff README'
const ONEDIFF_514 = 'siliconflow/onediff PR #514'
const STABLE_FAST = 'chengzeyi/stable-fast README'

export const PUBLISHED_TIMES: readonly PublishedTime[] = [
  { card: 'A100 SXM, PyTorch', speed: A100_SXM, steps: 25, seconds: 39.85, source: ONEDIFF },
  { card: 'A100 SXM, OneDiff', speed: A100_SXM, steps: 25, seconds: 25.2, source: ONEDIFF },
  { card: 'A100, PyTorch', speed: A100_SXM, steps: 25, seconds: 50.93, source: ONEDIFF_514 },
  { card: 'A100, torch.compile', speed: A100_SXM, steps: 25, seconds: 43.38, source: ONEDIFF_514 },
  { card: 'A100, OneFlow', speed: A100_SXM, steps: 25, seconds: 31.93, source: ONEDIFF_514 },
  { card: 'A100 SXM, TensorRT', speed: A100_SXM, steps: 25, seconds: 32.166, source: TENSORRT },
  { card: 'A100 PCIe, TensorRT', speed: A100_PCIE, steps: 25, seconds: 35.258, source: TENSORRT },
  { card: 'A800, ComfyUI', speed: A100_SXM, steps: 25, seconds: 35.54, source: ONEDIFF },
  { card: 'A800, ComfyUI and OneDiff', speed: A100_SXM, steps: 25, seconds: 25.59, source: ONEDIFF },
  { card: 'H100 PCIe, TensorRT', speed: H100_PCIE, steps: 25, seconds: 22.645, source: TENSORRT },
  {
    card: 'A10G, diffusers with offload ("about 2 minutes")',
    ...{ speed: A10G, steps: 25, seconds: 120 },
    source: 'garystafford/svdxt-sagemaker-huggingface svd_xt_demo_v2.ipynb',
  },
  {
    card: 'RTX 3090, diffusers with offload',
    ...{ speed: RTX_3090, steps: 20, seconds: 100.5 },
    source: 'jsboige/CoursIA PR #11833',
  },
  { card: 'RTX 4080, PyTorch', speed: RTX_4080, steps: 25, seconds: 83, source: STABLE_FAST },
  { card: 'RTX 4080, torch.compile', speed: RTX_4080, steps: 25, seconds: 70, source: STABLE_FAST },
  { card: 'RTX 4080, stable-fast', speed: halfSums(RTX_4080), steps: 25, seconds: 47.5, source: STABLE_FAST },
  {
    card: 'RTX 4090, OneDiff',
    ...{ speed: halfSums(RTX_4090), steps: 25, seconds: 30.8 },
    source: 'siliconflow/onediff PR #454',
  },
]
