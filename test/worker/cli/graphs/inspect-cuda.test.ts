import { describe, expect, test } from 'vitest'
import { GPUS } from '../../../../shared/fleet/gpus.ts'
import { REACHED } from '../../../../worker/plan/roofline.ts'
import { aCard } from '../../cuda/a-card.ts'
import { type CommandLineOptions, runCommandLine, XT_CONFIGS } from '../a-command-line.ts'
import { expectWithin, graphNamed, inspect, inspectJson } from './inspect-command.ts'

describe('svd inspect --target cuda of SVD-XT', () => {
  const cuda = ['--target', 'cuda'] as const

  test('counts tensor-core FLOPs, moved bytes and weight bytes of each graph in float16', async () => {
    const { target, graphs } = await inspectJson(...cuda)
    expect(target).toBe('cuda-float16')
    const { flops, tensor_core_flops, moved_bytes, session_weight_bytes } = graphNamed(graphs, 'denoise_step')
    expect(tensor_core_flops).toBe(flops)
    // Activations of 295 MB at the finest of four levels, read and written by most of 850 nodes.
    expectWithin(0.01, moved_bytes / 1e9, 459)
    // The provider's stand-in has 2.67 GB of weights in memory for a step.
    expectWithin(0.01, session_weight_bytes / 1e9, 2.67)
    const encoder = graphNamed(graphs, 'vae_encoder')
    expect(encoder.tensor_core_flops).toBe(0)
    expectWithin(0.001, encoder.reference_flops / 1e12, 2.616)
  })

  test('counts almost twice the moved bytes, and no tensor cores, in float32', async () => {
    const half = graphNamed((await inspectJson(...cuda)).graphs, 'vae_decoder')
    const { target, graphs } = await inspectJson(...cuda, '--precision', 'fp32')
    expect(target).toBe('cuda-float32')
    const single = graphNamed(graphs, 'vae_decoder')
    expect(single.tensor_core_flops).toBe(0)
    expect(single.moved_bytes / half.moved_bytes).toBeGreaterThan(1.8)
  })

  test('predicts the time on every GPU, and marks the figures as counted', async () => {
    const { basis, reached, cards } = await inspectJson(...cuda)
    expect(basis).toBe('counted')
    expect(reached).toEqual(REACHED)
    expect(cards.map(({ gpu }: { gpu: string }) => gpu)).toEqual(Object.values(GPUS).map(({ name }) => name))
    const l40s = cards.find(({ gpu }: { gpu: string }) => gpu === 'L40S')
    expect(Object.keys(l40s)).toEqual([
      ...['gpu', 'fp16_tflops', 'fp32_tflops', 'memory_gb_per_second', 'card_bytes', 'seconds_per_step'],
      ...['seconds_per_clip', 'limit', 'fits', 'decode_chunk_size', 'needed_bytes'],
    ])
    // 25 steps are nearly all of a clip.
    expect((25 * l40s.seconds_per_step.low) / l40s.seconds_per_clip.low).toBeGreaterThan(0.9)
    expect(l40s.seconds_per_step.low).toBeGreaterThan(152.7 / 362)
  })

  test('lists saved FLOPs apart from added FLOPs', async () => {
    const text = await inspect(...cuda)
    const [, saved = '', added = ''] = text.split(/^saved by .*:$|^added to .*:$/m)
    expect(saved).toMatch(/^ {2}5\.98 TFLOPs {2}denoise_step: cross-attention over a single context token$/m)
    expect(added).toMatch(/^ {2}1\.44 TFLOPs {2}denoise_step: a product for each side of a blend/m)
    expect(text).not.toContain('-1.44')
    expect(await inspect()).not.toContain('added to the reference')
  })

  test('predicts less memory for each mode and decode chunk size that saves memory', async () => {
    const { memory } = await inspectJson(...cuda)
    const { resident_bytes, offload_bytes, low_vram_bytes, smaller_chunks } = memory
    const bytes = [
      resident_bytes,
      offload_bytes,
      low_vram_bytes,
      ...smaller_chunks.map((one: { bytes: number }) => one.bytes),
    ]
    expect(bytes).toEqual(bytes.toSorted((a, b) => b - a))
    expect(smaller_chunks.map((one: { decode_chunk_size: number }) => one.decode_chunk_size)).toEqual([
      13, 7, 4, 2, 1,
    ])
  })

  test('reports the host memory of each mode, and the memory of decoding in float32', async () => {
    const { memory } = await inspectJson(...cuda)
    const { resident_bytes, offload_bytes, low_vram_bytes } = memory.host
    expect(Object.keys(memory)).toContain('fp32_decode_bytes')
    // On sm_75, the whole clip of 25 frames at once.
    expect(memory.fp32_decode_bytes).toBeGreaterThan(2 * memory.offload_bytes)
    expect(resident_bytes).toBeGreaterThan(offload_bytes)
    for (const bytes of [resident_bytes, offload_bytes, low_vram_bytes]) {
      expect(bytes).toBeGreaterThan(1.5e9)
      expect(bytes).toBeLessThan(3e9)
    }
  })

  test('prints its figures as tables', async () => {
    const text = await inspect(...cuda)
    expect(text).toMatch(
      /│ denoise_step +│ +25 │ +[\d,]+ │ +152\.\d\d │ +159\.\d\d │ +100\.0 % │ +459 GB │ +2\.67 GB │ +5\.04 GB │/,
    )
    expect(text).toContain('seconds, counted and not measured:\n')
    expect(text).toMatch(
      /│ L40S +│ +0\.\d+-\d\.\d │ +\d\d-\d\d │ +compute │ +fits \([\d.]+ GB of 48\.0 GB\) │/,
    )
  })

  test('names the nodes that no GPU can run', async () => {
    const size = ['--width', '1920', '--height', '1080']
    const text = await inspect(...cuda, ...size)
    expect(text).toMatch(
      /\n {2}vae_decoder: \d+ times, first decoder\.up_blocks\.2\..*; a tensor must have less than 2\^31 elements\n/,
    )
    const { graphs } = await inspectJson(...cuda, ...size, '--decode-chunk-size', '8')
    expect(graphs.flatMap(({ limit_faults }: { limit_faults: [] }) => limit_faults)).toEqual([])
    expect(await inspect(...cuda)).not.toContain('no card runs these graphs')
  })

  test('prints each node of a graph with its kernel, FLOPs, tensor cores and bytes', async () => {
    const text = await inspect(...cuda, '--graph', 'denoise-step')
    const lineOf = (start: string): string =>
      text.split('\n').find((line) => line.startsWith(`  %${start}: `)) ?? ''
    // 50 images of 72x128, 320 channels: 294,912,000 bytes in and out, and 9 x 320 x 320 weights.
    expect(lineOf('down_blocks.0.resnets.0.spatial_res_block/NhwcConv')).toMatch(
      /\/\/ cuDNN, 0\.8493 TFLOPs in tensor cores, 592 MB$/,
    )
    expect(lineOf('down_blocks.0.attentions.0.transformer_blocks.0.attn1/MultiHeadAttention')).toMatch(
      /\/\/ fused attention, 5\.44 TFLOPs in tensor cores, 1\.18 GB$/,
    )
    expect(text).toMatch(/ = com\.microsoft\.FusedMatMul\(.*\/\/ cuBLAS, /)
    expect(text).toMatch(/ = com\.microsoft\.BiasSplitGelu\(.*\/\/ ONNX Runtime, [\d.]+ [MG]B\n/)
    expect(text).toMatch(/ = Sigmoid\(.*\/\/ computed once, with the weights\n/)
    expect(text).toMatch(/ = Reshape\([^)]*\)\n/)
  })
})

test.each([
  ['vae-encoder', [], 'float32'],
  ['vae-decoder', [], 'float16'],
  ['denoise-step', [], 'float16'],
  ['denoise-step', ['--precision', 'fp32'], 'float32'],
] as const)(
  'the CUDA graph %s with the options %j computes its products in %s',
  async (graph, precision, dtype) => {
    const size = ['--width', '128', '--height', '128', '--num-frames', '2']
    const { nodes } = await inspectJson('--target', 'cuda', '--graph', graph, ...precision, ...size)
    interface NodeReport {
      readonly flops: number
      readonly outputs: readonly { readonly dtype: string }[]
    }
    const products = (nodes as readonly NodeReport[]).filter(({ flops }) => flops > 0)
    expect(new Set(products.map(({ outputs }) => outputs[0]?.dtype))).toEqual(new Set([dtype]))
  },
)

describe('svd inspect', () => {
  const SMALL = ['--width', '256', '--height', '128', '--num-frames', '2']
  const aMachineWith = (
    computeCapability: ReturnType<typeof aCard>['computeCapability'],
    environment: Readonly<Record<string, string>> = {},
  ): CommandLineOptions => ({
    environment,
    deviceProbes: { readCards: async () => [aCard({ computeCapability })], readCudaFaults: async () => [] },
  })
  const countOn = async (machine: CommandLineOptions, ...args: readonly string[]) => {
    const line = ['inspect', '--checkpoint', XT_CONFIGS, ...SMALL, '--json', ...args]
    const { exitCode, stdout, stderr } = await runCommandLine(line, machine)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    const { target, device } = JSON.parse(stdout)
    return { target, device }
  }
  const A10G = aMachineWith({ major: 8, minor: 6 })
  const T4 = aMachineWith({ major: 7, minor: 5 })

  test("counts the graphs of this machine's GPU where CUDA is ready", async () => {
    expect(await countOn(A10G)).toEqual({
      target: 'cuda-float16',
      device: {
        execution_provider: 'cuda',
        name: 'NVIDIA A10G',
        precision: 'fp16',
        compute_capability: '8.6',
        driver_version: '580.126.09',
      },
    })
    expect((await countOn(T4)).target).toBe('cuda-float16-packed')
  })

  test('counts the graphs of the device and the precision that options or SVD_DEVICE choose', async () => {
    expect(await countOn(A10G, '--device', 'cpu')).toMatchObject({
      target: 'cpu',
      device: { execution_provider: 'cpu', precision: 'fp32', compute_capability: null },
    })
    const onCpu = aMachineWith({ major: 8, minor: 6 }, { SVD_DEVICE: 'cpu' })
    expect((await countOn(onCpu)).target).toBe('cpu')
    expect((await countOn(onCpu, '--device', 'cuda:0')).target).toBe('cuda-float16')
    expect((await countOn(A10G, '--precision', 'fp32')).target).toBe('cuda-float32')
  })

  test('counts the graphs of --target for any GPU, regardless of the GPU in this machine', async () => {
    expect(await countOn(T4, '--target', 'cuda')).toEqual({ target: 'cuda-float16', device: null })
    expect(await countOn(T4, '--target', 'cpu')).toEqual({ target: 'cpu', device: null })
  })

  test('names the device above its tables', async () => {
    const { stdout } = await runCommandLine(['inspect', '--checkpoint', XT_CONFIGS, ...SMALL], A10G)
    expect(stdout).toMatch(/, target cuda-float16, for NVIDIA A10G \(compute capability 8\.6\)\n/)
  })

  test('counts the graphs of the CPU when the GPU cannot be used, and prints why on stderr', async () => {
    const { exitCode, stdout, stderr } = await runCommandLine(
      ['inspect', '--checkpoint', XT_CONFIGS, ...SMALL, '--json'],
      aMachineWith({ major: 7, minor: 0 }),
    )
    expect({ exitCode, target: JSON.parse(stdout).target }).toEqual({ exitCode: 0, target: 'cpu' })
    expect(stderr).toMatch(/^NVIDIA A10G is not used: /)
  })
})
