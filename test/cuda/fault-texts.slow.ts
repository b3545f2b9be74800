import { describe, expect, test } from 'vitest'
import { createGraph, type Graph } from '../../worker/compiler/graph/graph.ts'
import { multiHeadAttention } from '../../worker/compiler/ops/attention.ts'
import { add, cast, sigmoid } from '../../worker/compiler/ops/elementwise.ts'
import { matmul } from '../../worker/compiler/ops/matmul.ts'
import { nhwcConv } from '../../worker/compiler/ops/nhwc-conv.ts'
import { type CudaFault, classifyCudaFault } from '../../worker/engine/cuda-faults.ts'
import { openStandIn, runOnStandIn, type StandInOptions } from './stand-in-card.ts'

const { obstacle, title } = await openStandIn()
const MIB = 2 ** 20

/** A product between two elementwise ops. Its weight has 4 MiB. */
const product = (): Graph => {
  const g = createGraph('product')
  const x = g.input('x', [1024, 1024])
  const weight = g.inline(new Float32Array(1024 * 1024), [1024, 1024])
  g.output('y', sigmoid(g, matmul(g, add(g, x, x), weight)))
  return g
}

const attention = (): Graph => {
  const g = createGraph('attention')
  const x = cast(g, g.input('x', [2, 128, 64]), 'float16')
  g.output('y', cast(g, multiHeadAttention(g, x, x, x, 1), 'float32'))
  return g
}

const convolution = (): Graph => {
  const g = createGraph('convolution')
  const x = g.input('x', [1, 8, 8, 8])
  const weight = g.inline(new Float32Array(8 * 9 * 8), [8, 3, 3, 8])
  g.output('y', nhwcConv(g, x, { weight, strides: [1, 1], pads: [1, 1, 1, 1] }))
  return g
}

const asking = (call: string, options: StandInOptions = {}): StandInOptions => ({
  ...options,
  env: { SVD_STAND_IN_FAIL: call },
})
const onH100 = { card: 'h100' } as const
const outsideArena = {
  sessionOptions: { extra: { session: { use_device_allocator_for_initializers: '1' } } },
}

describe.skipIf(obstacle !== null)(`errors of the real CUDA provider${title}`, () => {
  test.each<[CudaFault, string, () => Graph, StandInOptions]>([
    [
      'out-of-memory',
      'weights larger than the GPU memory',
      product,
      { ...outsideArena, memoryBytes: 2 * MIB },
    ],
    ['out-of-memory', 'weights larger than the arena', product, { memoryBytes: 2 * MIB }],
    ['out-of-memory', 'activations larger than the GPU memory', product, { memoryBytes: 10 * MIB }],
    ['out-of-memory', 'a copy that fails', product, asking('cudaMemcpy:1:2')],
    ['out-of-memory', "cuBLAS's handle, not initialized", product, asking('cublasCreate_v2:1:1')],
    ['out-of-memory', "cuBLAS's handle, not allocated", product, asking('cublasCreate_v2:1:3')],
    ['out-of-memory', "cuBLAS's workspace", product, asking('cublasSgemm_v2:1:3')],
    ['out-of-memory', "cuDNN's handle, on the host", product, asking('cudnnCreate:1:4003')],
    ['out-of-memory', "cuDNN's handle, on the GPU", product, asking('cudnnCreate:1:4004')],
    ['out-of-memory', "cuDNN's handle, not initialized", product, asking('cudnnCreate:1:1001')],
    ['sticky', 'an illegal address at a launch', product, asking('launch:2:700')],
    ['sticky', 'an illegal address at the end of a run', product, asking('cudaStreamSynchronize:1:700')],
    ['sticky', 'an illegal address at a copy', product, asking('cudaMemcpy:2:700')],
    ['sticky', 'a launch failure', product, asking('launch:1:719')],
    ['sticky', 'a misaligned address', product, asking('launch:1:716')],
    ['sticky', 'an assertion', product, asking('launch:1:710')],
    ['sticky', 'a product that fails', product, asking('cublasSgemm_v2:1:13')],
    ['sticky', 'a convolution that fails', convolution, asking('cudnnBackendExecute:1:5000')],
    ['card-lost', 'an ECC error at the end of a run', product, asking('cudaStreamSynchronize:1:214')],
    ['card-lost', 'an ECC error at a launch', product, asking('launch:1:214')],
    ['card-lost', 'a GPU that is unavailable', product, asking('cudaSetDevice:1:46')],
    ['card-lost', 'a missing GPU', product, asking('cudaSetDevice:1:100')],
    ['card-lost', 'another number of GPUs', product, asking('cudaSetDevice:1:101')],
    ['card-lost', 'a system that is not ready', product, asking('cudaSetDevice:1:802')],
    ['cannot-run', 'an old driver', product, asking('cudaSetDevice:1:35')],
    ['cannot-run', 'a GPU that the provider has no code for', product, { card: 'v100' }],
    ['attention-refused', 'a graph without a plan', attention, asking('cudnn_graph:0:3000', onH100)],
    ['attention-refused', 'a plan that fails', attention, asking('cudnnBackendExecute:1:5000', onH100)],
  ])('are classified as %s for %s', async (fault, _, graph, options) => {
    const { error } = await runOnStandIn(graph(), options)
    expect([error, classifyCudaFault(error ?? '')?.fault]).toEqual([expect.any(String), fault])
  })

  test('do not occur for cuDNN attention if the variable turns it off', async () => {
    const env = { SVD_STAND_IN_FAIL: 'cudnn_graph:0:3000', ORT_ENABLE_CUDNN_FLASH_ATTENTION: '0' }
    expect((await runOnStandIn(attention(), { ...onH100, env })).error).toBeNull()
  })

  test('are not classified as GPU faults for a convolution without a plan', async () => {
    const { error } = await runOnStandIn(convolution(), asking('cudnn_convolution:0:3000'))
    expect([error, classifyCudaFault(error ?? '')]).toEqual([expect.stringMatching(/CUDNN_FE failure/), null])
  })
})
