import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { elementCount } from '../../worker/checkpoint/element-count.ts'
import { createGraph, type Graph, type NodeSpec } from '../../worker/compiler/graph/graph.ts'
import type { Value } from '../../worker/compiler/graph/value.ts'
import { multiHeadAttention, packedMultiHeadAttention } from '../../worker/compiler/ops/attention.ts'
import { conv } from '../../worker/compiler/ops/conv.ts'
import {
  add,
  biasGelu,
  cast,
  gelu,
  mul,
  sigmoid,
  silu,
  softmax,
} from '../../worker/compiler/ops/elementwise.ts'
import { gemm, matmul, matmulTransposed } from '../../worker/compiler/ops/matmul.ts'
import { layerNormalization } from '../../worker/compiler/ops/normalization.ts'
import { concat, expand, reshape, slice, split, transpose } from '../../worker/compiler/ops/shape.ts'
import { temporaryDir } from '../fixtures/temporary-dir.ts'
import { openStandIn, runOnStandIn } from './stand-in-card.ts'

/*
 * The CUDA provider of ONNX Runtime, its real binary, on a stand-in for a GPU. Tests compare launches, bytes and
 * refusals, because kernels compute nothing.
 */

const { obstacle, title } = await openStandIn()
const cudnn = await openStandIn({ realCudnn: true })
const MIB = 2 ** 20

const zeros = (g: Graph, ...shape: readonly number[]): Value =>
  g.inline(new Float32Array(elementCount(shape)), shape)

const microsoft = (g: Graph, spec: Omit<NodeSpec, 'domain'>): Value =>
  g.node({ ...spec, domain: 'com.microsoft' })[0]!

/** Float16 weights of zeros, in one file. */
const halfWeights = async () => {
  const file = join(await temporaryDir(), 'zeros.bin')
  await writeFile(file, '')
  await truncate(file, 64 * MIB)
  return (g: Graph, key: string, shape: readonly number[]): Value => {
    const sizeBytes = 2 * elementCount(shape)
    const stored = { key, dtype: 'F16', shape, file, offsetBytes: 0, sizeBytes } as const
    return g.weight({ key, dtype: 'float16', shape, offsetBytes: 0, stored })
  }
}

describe.skipIf(obstacle !== null)(`a graph on the stand-in GPU${title}`, () => {
  test('runs every op of the compiler on CUDA, without copies between devices', async () => {
    const g = createGraph('ops')
    const x = g.input('x', [2, 16, 8, 8])
    const image = conv(g, x, {
      weight: zeros(g, 64, 16, 3, 3),
      bias: zeros(g, 64),
      strides: [1, 1],
      pads: [1, 1, 1, 1],
    })
    const tokens = reshape(g, transpose(g, image, [0, 2, 3, 1]), [2, 64, 64])
    const normal = layerNormalization(g, tokens, zeros(g, 64), zeros(g, 64), 1e-5)
    const attended = multiHeadAttention(g, normal, normal, normal, 1)
    const product = matmul(g, attended, zeros(g, 64, 64))
    const rows = reshape(g, gelu(g, product), [128, 64])
    const linear = gemm(g, rows, zeros(g, 64, 64), zeros(g, 64))
    const [left, right] = split(g, biasGelu(g, linear, zeros(g, 64)), 1, 2)
    const joined = concat(g, [silu(g, left!), mul(g, sigmoid(g, right!), right!)], 1)
    const scores = softmax(g, matmulTransposed(g, joined, joined))
    const wide = expand(g, slice(g, scores, 0, 0, 1), [4, 128])
    g.output('y', cast(g, cast(g, wide, 'float16'), 'float32'))

    const run = await runOnStandIn(g, { strict: true })
    expect({ error: run.error, cpuNodes: run.cpuNodes, copies: run.copyNodes, faults: run.faults }).toEqual({
      ...{ error: null, cpuNodes: [], copies: [], faults: [] },
    })
    expect(Object.keys(run.nodesByProvider)).toEqual(['CUDAExecutionProvider'])
    expect(run.outputs).toEqual({ y: [4, 128] })
  })

  test('has every launch of a run counted: kernels, products and convolutions', async () => {
    const g = createGraph('fused')
    const shape = [2, 16, 16, 64]
    const half = { shape, dtype: 'float16' } as const
    const weight = await halfWeights()
    const x = cast(g, g.input('x', shape), 'float16')
    const image = microsoft(g, {
      op: 'NhwcConv',
      inputs: [x, weight(g, 'conv.weight', [64, 3, 3, 64])],
      outputs: [half],
      attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1] },
    })
    const normal = microsoft(g, {
      op: 'GroupNorm',
      inputs: [image, zeros(g, 64), zeros(g, 64)],
      outputs: [half],
      attributes: { groups: 32, activation: 1, epsilon: { float: 1e-5 } },
    })
    const tokens = reshape(g, normal, [2, 256, 64])
    const query = microsoft(g, {
      op: 'FusedMatMul',
      inputs: [tokens, weight(g, 'to_q.weight', [64, 64])],
      outputs: [tokens],
      attributes: { transB: 1 },
    })
    const attended = multiHeadAttention(g, query, tokens, tokens, 1)
    g.output('y', cast(g, attended, 'float32'))

    const run = await runOnStandIn(g, { strict: true, runs: 3 })
    expect(run.error).toBeNull()
    expect(Object.fromEntries(run.kernels)).toEqual({
      'GroupNormNHWCScaleKernel<__half>': 1,
      'GroupNormNHWCSumKernel<__half>': 1,
      '_UnaryElementWise<__half, float, OP_Cast>': 1,
      '_UnaryElementWise<float, __half, OP_Cast>': 1,
      'flash_fwd_kernel<Flash_fwd_kernel_traits>': 1,
    })
    expect([run.gemmCalls, run.convolutions, run.launches, run.memsets]).toEqual([1, 1, 7, 1])
    expect(run.runs.map(({ launches }) => launches)).toEqual([7, 7, 7])
    expect(run.creation.launches).toBe(0)
  })

  test('uses other kernels for attention on other GPUs', async () => {
    const g = createGraph('attention')
    const shape = [2, 1024, 320]
    const x = cast(g, g.input('x', shape), 'float16')
    g.output('y', cast(g, multiHeadAttention(g, x, x, x, 5), 'float32'))
    const kernelsOn = async (card: 't4' | 'a10g' | 'h100', env = {}) => {
      const run = await runOnStandIn(g, { card, env })
      expect(run.error).toBeNull()
      return [...run.kernels.keys()].filter((name) => !/Cast/.test(name))
    }
    expect(await kernelsOn('a10g')).toEqual(['flash_fwd_kernel<Flash_fwd_kernel_traits>'])
    expect(await kernelsOn('h100')).toEqual(['cudnn_graph'])
    expect(await kernelsOn('h100', { ORT_ENABLE_CUDNN_FLASH_ATTENTION: '0' })).toEqual(
      await kernelsOn('a10g'),
    )
    expect(await kernelsOn('t4')).toEqual([
      'AddBiasTransposeTrt<Half4>',
      'fmha_v2_flash_attention_fp16_64_64_S_64_sm75_kernel_nl',
    ])
  })

  /** The kernels of attention in float16 on a T4, each by its number of launches. */
  const kernelsOnT4 = async (
    [rows, length, heads, size]: readonly [number, number, number, number],
    form: 'apart' | 'packed',
  ) => {
    const g = createGraph('attention')
    const x = cast(g, g.input('x', [rows, length, heads * 3 * size]), 'float16')
    const [q, k, v] = split(g, x, 2, 3) as [Value, Value, Value]
    const y =
      form === 'apart'
        ? multiHeadAttention(g, q, k, v, heads)
        : packedMultiHeadAttention(g, reshape(g, x, [rows, length, heads, 3, size]))
    g.output('y', cast(g, slice(g, y, 0, 0, 1), 'float32'))
    const { kernels, error } = await runOnStandIn(g, { card: 't4', strict: true })
    expect(error).toBeNull()
    return Object.fromEntries([...kernels].filter(([name]) => !/Cast|Split|Slice/.test(name)))
  }

  const copy = { 'AddBiasTransposeTrt<Half4>': 1 }
  const copies = { ...copy, 'AddBiasTransposeTrtKV<Half4>': 1, fmha_mhca_fp16_128_64_sm75_kernel_nl: 1 }
  const offsets = (count: number) => ({ getTrtSequenceOffsetNoMask: count })
  const flash = { fmha_v2_flash_attention_fp16_64_64_S_64_sm75_kernel_nl: 1 }
  const efficient = { 'attention_kernel_batched_impl<AttentionKernel>': 1 }
  const unpack = { 'AddBiasUnpack<Half4>': 1 }
  test.each([
    ['spatial', [2, 9216, 5, 64], { ...copy, ...flash }, flash],
    ['spatial', [2, 576, 20, 64], { ...copy, ...flash }, flash],
    [
      ...(['spatial', [2, 144, 20, 64]] as const),
      { ...copy, fmha_v2_fp16_192_64_sm75_kernel: 1 },
      { fmha_v2_fp16_192_64_sm75_kernel: 1 },
    ],
    [
      ...(['temporal', [288, 25, 20, 64]] as const),
      { ...copies, ...offsets(2) },
      { fmha_v2_fp16_32_64_sm75_kernel: 1, ...offsets(1) },
    ],
    ['temporal', [128, 25, 2, 32], copies, { fmha_v2_fp16_32_32_sm75_kernel: 1 }],
    ["CLIP's", [1, 257, 16, 80], efficient, { ...unpack, ...efficient }],
    ["the VAE's", [1, 9216, 1, 512], efficient, { ...unpack, ...efficient }],
    ['short, with small heads,', [2, 144, 4, 16], efficient, { ...unpack, ...efficient }],
  ] as const)(
    'launches the expected kernels on a T4 for %s attention of %j, separate and packed',
    async (_, sizes, apart, packed) => {
      expect(await kernelsOnT4(sizes, 'apart')).toEqual(apart)
      expect(await kernelsOnT4(sizes, 'packed')).toEqual(packed)
    },
  )

  test('reports the nodes that are left to the CPU, strict or not', async () => {
    const g = createGraph('tan')
    const x = g.input('x', [4])
    const [y] = g.within('down_blocks.0', () => g.node({ op: 'Tan', inputs: [sigmoid(g, x)], outputs: [x] }))
    g.output('y', mul(g, y!, y!))
    const lax = await runOnStandIn(g)
    expect([lax.error, lax.cpuNodes]).toEqual([null, ['Tan (down_blocks.0/Tan)']])
    expect(lax.copyNodes).toHaveLength(2)
    const strict = await runOnStandIn(g, { strict: true })
    expect(strict.error).toContain('fallback to CPU EP has been explicitly disabled')
    expect([strict.cpuNodes, strict.runs]).toEqual([['Tan (down_blocks.0/Tan)'], []])
  })

  test('fails if a kernel refuses shapes, as for a group norm with an odd number of channels per group', async () => {
    const g = createGraph('odd')
    const x = g.input('x', [2, 8, 8, 96])
    const y = microsoft(g, {
      op: 'GroupNorm',
      inputs: [x, zeros(g, 96), zeros(g, 96)],
      outputs: [x],
      attributes: { groups: 32, activation: 0 },
    })
    g.output('y', y)
    const run = await runOnStandIn(g, { strict: true })
    expect(run.error).toContain('GroupNorm in CUDA does not support the input: n=2 h=8 w=8 c=96 groups=32')
    expect([run.runs.length, run.outputs]).toEqual([1, {}])
  })

  test('fails if a grid exceeds the limits of a GPU, as for attention over 65,536 batches', async () => {
    const attention = (batches: number): Graph => {
      const g = createGraph('batches')
      const x = cast(g, g.input('x', [batches, 2, 64]), 'float16')
      g.output('y', cast(g, multiHeadAttention(g, x, x, x, 1), 'float32'))
      return g
    }
    expect((await runOnStandIn(attention(65_535))).error).toBeNull()
    const run = await runOnStandIn(attention(65_536))
    expect(run.error).toContain('invalid configuration argument')
    expect(run.faults.join()).toMatch(/grid 1 x 65536 x 1, .* beyond the card's limits: .*flash_fwd_kernel/)
  })

  test('fails on a GPU for which the provider has no code', async () => {
    const g = createGraph('old')
    g.output('y', sigmoid(g, g.input('x', [4])))
    const run = await runOnStandIn(g, { card: 'v100' })
    expect(run.error).toContain('no kernel image is available')
    expect(run.faults[0]).toContain('no code for sm_70')
  })
})

describe.skipIf(obstacle !== null)(`memory of the stand-in GPU${title}`, () => {
  /** Three ops on tensors of 4 MiB. Two inputs of an op and its output are alive at once, and one more is to come. */
  const chain = (): Graph => {
    const g = createGraph('chain')
    const x = g.input('x', [1024, 1024])
    g.output('y', sigmoid(g, matmul(g, add(g, x, x), x)))
    return g
  }

  test('is counted exactly', async () => {
    const run = await runOnStandIn(chain(), { runs: 3 })
    expect(run.peakBytesPerRun).toEqual([16 * MIB, 16 * MIB, 16 * MIB])
    expect([run.heldBytes, run.mallocs]).toEqual([16 * MIB, 0])
    expect([run.hostToDeviceBytes, run.deviceToHostBytes]).toEqual([4 * MIB, 4 * MIB])
    expect([run.launches, run.gemmCalls]).toEqual([3, 1])
  })

  test('grows at the second run if there is a memory pattern', async () => {
    const g = createGraph('pattern')
    const x = g.input('x', [1024, 1024])
    const parts = [x]
    for (let part = 1; part < 8; part++) parts.push(sigmoid(g, parts.at(-1)!))
    g.output('y', concat(g, parts, 0))
    const peaks = async (memPattern: boolean) => {
      const run = await runOnStandIn(g, { memPattern, runs: 3 })
      expect(run.error).toBeNull()
      return run.peakBytesPerRun.map((bytes) => bytes / MIB)
    }
    expect(await peaks(false)).toEqual([64, 64, 64])
    expect(await peaks(true)).toEqual([64, 128, 128])
  })

  test('is refused beyond its limit', async () => {
    const run = await runOnStandIn(chain(), { memoryBytes: 10 * MIB })
    expect(run.error).toMatch(/Failed to allocate memory/)
    expect(run.refusedBytes).toBeGreaterThan(0)
    expect(run.peakBytesPerRun[0]).toBeLessThanOrEqual(10 * MIB)
  })

  test('holds weights from the creation of a session on, whose bytes are read from sparse files', async () => {
    const g = createGraph('weights')
    const weight = await halfWeights()
    const x = cast(g, g.input('x', [1, 4096]), 'float16')
    const y = microsoft(g, {
      op: 'FusedMatMul',
      inputs: [x, weight(g, 'weight', [4096, 4096])],
      outputs: [x],
      attributes: { transB: 1 },
    })
    g.output('y', cast(g, y, 'float32'))
    const sessionOptions = { extra: { session: { use_device_allocator_for_initializers: '1' } } }
    const run = await runOnStandIn(g, { sessionOptions })
    expect(run.creation.hostToDeviceBytes).toBe(32 * MIB)
    expect(run.creation.heldBytes).toBe(32 * MIB)
    expect(run.hostToDeviceBytes).toBe(4 * 4096)
  })
})

describe.skipIf(cudnn.obstacle !== null)(`plans of NVIDIA's cuDNN${cudnn.title}`, () => {
  test('request workspace if a convolution changes the layout, but not in NHWC', async () => {
    const weight = await halfWeights()
    const shape = [2, 72, 128, 320]
    const session = async (
      record: (g: Graph, x: Value) => Value,
      input: readonly number[],
      realCudnn: boolean,
    ) => {
      const g = createGraph('convolution')
      const x = cast(g, g.input('x', input), 'float16')
      const y = record(g, x)
      g.output('y', cast(g, slice(g, y, 0, 0, 1), 'float32'))
      const run = await runOnStandIn(g, { realCudnn })
      expect([run.error, run.convolutions]).toEqual([null, 1])
      return run.peakBytesPerRun[0]!
    }
    const nhwc = (g: Graph, x: Value): Value =>
      microsoft(g, {
        op: 'NhwcConv',
        inputs: [x, weight(g, 'weight', [320, 3, 3, 320])],
        outputs: [x],
        attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1] },
      })
    const nchw = (g: Graph, x: Value): Value =>
      conv(g, x, {
        weight: weight(g, 'weight', [320, 320, 3, 3]),
        bias: null,
        strides: [1, 1],
        pads: [1, 1, 1, 1],
      })
    expect(await session(nhwc, shape, true)).toBe(await session(nhwc, shape, false))
    const planar = [2, 320, 72, 128]
    expect(await session(nchw, planar, true)).toBeGreaterThan(await session(nchw, planar, false))
  })
})
