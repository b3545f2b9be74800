import { describe, expect, test } from 'vitest'
import { DEMO_CHECKPOINT, runCommandLine, XT_CONFIGS } from '../a-command-line.ts'
import { expectWithin, type GraphReport, graphNamed, inspect, inspectJson } from './inspect-command.ts'

/** FLOPs of the reference, counted from diffusers' modules: TFLOPs at 1024x576, 25 frames. */
const REFERENCE_TFLOPS = {
  denoise_step: { guided: 159.896, single: 79.948 },
  vae_decoder: { frames25: 173.574, frames1: 6.943 },
  vae_encoder: 2.609,
  image_encoder: 0.3346,
  clip25Steps: 4174,
} as const

describe('svd inspect of SVD-XT without weights', () => {
  test('counts the parameters of the published files', async () => {
    const { components, weights } = await inspectJson()
    expect(weights).toBe('absent')
    expect(components).toEqual({
      unet: { parameters: 1_524_623_082, stored_bytes: 3_049_246_164 },
      vae: { parameters: 97_742_847, stored_bytes: 195_485_694 },
      image_encoder: { parameters: 632_076_800, stored_bytes: 1_264_153_600 },
    })
  })

  test('counts the FLOPs of diffusers, minus those that the compiler avoids', async () => {
    const { graphs, step, clip } = await inspectJson()
    expect(graphs.map(({ name, runs_per_clip: runs }: GraphReport) => `${runs} ${name}`)).toEqual([
      '1 image_encoder',
      '1 vae_encoder',
      '1 conditioning',
      '1 time_shifts',
      '25 denoise_step',
      '1 vae_decoder',
    ])
    const reference = (name: string): number => graphNamed(graphs, name).reference_flops / 1e12
    expectWithin(0.001, reference('denoise_step'), REFERENCE_TFLOPS.denoise_step.guided)
    expectWithin(0.001, reference('vae_decoder'), REFERENCE_TFLOPS.vae_decoder.frames25)
    expectWithin(0.001, reference('vae_encoder'), REFERENCE_TFLOPS.vae_encoder)
    expectWithin(0.001, reference('image_encoder'), REFERENCE_TFLOPS.image_encoder)
    expectWithin(0.001, clip.reference_flops / 1e12, REFERENCE_TFLOPS.clip25Steps)
    const { flops, reference_flops: whole, avoided_flops: avoided } = graphNamed(graphs, 'denoise_step')
    expect(step).toEqual({ flops, reference_flops: whole })
    expect(Object.values(avoided).reduce((sum, part) => sum + part, 0)).toBe(whole - flops)
    expectWithin(0.01, avoided['cross-attention over a single context token'] ?? 0, 5.98e12)
  })

  test('counts half the FLOPs for a step without guidance, and one decoder run for each chunk', async () => {
    const { graphs } = await inspectJson(
      '--no-guidance',
      '--decode-chunk-size',
      '8',
      '--num-inference-steps',
      '10',
    )
    expectWithin(
      0.001,
      graphNamed(graphs, 'denoise_step').reference_flops / 1e12,
      REFERENCE_TFLOPS.denoise_step.single,
    )
    const decoders = graphs.filter(({ name }: GraphReport) => name === 'vae_decoder')
    expect(decoders.map(({ runs_per_clip: runs }: GraphReport) => runs)).toEqual([3, 1])
    expectWithin(0.001, decoders[1].reference_flops / 1e12, REFERENCE_TFLOPS.vae_decoder.frames1)
    expect(graphNamed(graphs, 'denoise_step').runs_per_clip).toBe(10)
  })

  test('prints a JSON report with these keys', async () => {
    const report = await inspectJson()
    expect(Object.keys(report)).toEqual([
      ...[
        'checkpoint',
        'weights',
        'target',
        'device',
        'width',
        'height',
        'num_frames',
        'guidance',
        'num_inference_steps',
      ],
      ...['decode_chunk_size', 'components', 'graphs', 'step', 'clip', 'build'],
    ])
    expect(Object.keys(report.graphs[0])).toEqual([
      ...['name', 'runs_per_clip', 'nodes', 'weight_bytes', 'flops', 'reference_flops', 'avoided_flops'],
      ...['flops_by_op', 'peak_activation_bytes', 'peak_at', 'graph_bytes'],
    ])
    expect(Object.keys(report.build)).toEqual(['seconds', 'graph_bytes'])
  })

  test('prints its figures as tables', async () => {
    const text = await inspect()
    expect(text).toMatch(/│ unet +│ 1,524,623,082 │ 3.05 GB │/)
    expect(text).toMatch(
      /│ denoise_step +│ +25 │ +[\d,]+ │ +1\d\d\.\d\d │ +159\.\d\d │ +\d+\.\d\d % │ +[\d.]+ GB │/,
    )
    expect(text).toMatch(/clip {2}\d{4}\.\d\d TFLOPs \(reference 417\d\.\d\d, saved \d+\.\d\d %\)/)
  })
})

describe('svd inspect --graph', () => {
  test.each([
    ['unet', 'unet', 'out_sample'],
    ['vae-decoder', 'vae_decoder', 'frames'],
    ['vae-encoder', 'vae_encoder', 'image_latents'],
    ['image-encoder', 'image_encoder', 'image_embeds'],
    ['conditioning', 'conditioning', 'spatial_contexts'],
    ['time-shifts', 'time_shifts', 'spatial_shifts'],
    ['denoise-step', 'denoise_step', 'next_latents'],
  ])('prints the graph %s as text', async (graph, name, output) => {
    const text = await inspect('--graph', graph, '--width', '256', '--height', '128', '--num-frames', '2')
    expect(text.split('\n')[0]).toMatch(new RegExp(`^graph ${name}\\(%`))
    expect(text).toMatch(new RegExp(`\\n {2}return .*%${output}\\b.*\\n$`))
  })
})

test('svd inspect --graph --json prints one object with the work of every node', async () => {
  const args = ['--graph', 'vae-decoder', '--width', '256', '--height', '128', '--num-frames', '2']
  const { name, outputs, nodes } = await inspectJson(...args, '--target', 'cuda')
  expect({ name, outputs }).toEqual({
    name: 'vae_decoder',
    outputs: [{ name: 'frames', dtype: 'float32', shape: [2, 3, 128, 256] }],
  })
  expect(Object.keys(nodes[0])).toEqual([
    ...['name', 'op', 'inputs', 'outputs', 'computed_once', 'kernel', 'flops', 'moved_bytes', 'tensor_cores'],
  ])
  const conv = nodes.find(({ op }: { op: string }) => op === 'com.microsoft.NhwcConv')
  expect(conv).toMatchObject({ kernel: 'cuDNN', computed_once: false, tensor_cores: true })
  const onCpu = await inspectJson(...args)
  expect(
    onCpu.nodes.map(({ kernel }: { kernel: null }) => kernel).every((kernel: null) => kernel === null),
  ).toBe(true)
})

test('svd inspect reports that weights are present, with the defaults of the checkpoint', async () => {
  const { exitCode, stdout } = await runCommandLine(['inspect', '--checkpoint', DEMO_CHECKPOINT, '--json'])
  expect(exitCode).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    weights: 'present',
    width: 192,
    num_frames: 14,
    num_inference_steps: 10,
  })
})

test.each([
  [
    ['--graph', 'net'],
    /^error: option '--graph <name>' argument 'net' is invalid\. Allowed choices are unet, /,
  ],
  [
    ['--target', 'tpu'],
    /^error: option '--target <name>' argument 'tpu' is invalid\. Allowed choices are cpu, cuda/,
  ],
  [
    ['--precision', 'fp16'],
    /^error: --precision: got fp16 on the CPU, which computes in fp32 alone; leave it out/,
  ],
  [
    ['--target', 'cpu', '--precision', 'fp16'],
    /^error: --precision: got fp16; the graphs of --target cpu are in fp32, so leave it out or take --target cuda/,
  ],
  [
    ['--target', 'cuda', '--device', 'cpu'],
    /^error: option '--target <name>' cannot be used with option '--device <device>'/,
  ],
  [['--device', 'gpu'], /^error: --device: got 'gpu'; must be auto, cpu, cuda or cuda:N/],
  [['--height', '577'], /^error: --height: got 577; must be a multiple of 8/],
])('svd inspect refuses %j', async (args, message) => {
  const { exitCode, stdout, stderr } = await runCommandLine(['inspect', '--checkpoint', XT_CONFIGS, ...args])
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr).toMatch(message)
})
