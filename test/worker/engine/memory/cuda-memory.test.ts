import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { openCheckpoint } from '../../../../worker/checkpoint/open-checkpoint.ts'
import { compileClip } from '../../../../worker/compiler/compile.ts'
import type { Node } from '../../../../worker/compiler/graph/graph.ts'
import { bytesOf } from '../../../../worker/compiler/graph/value.ts'
import { cudaTargets, type Precision } from '../../../../worker/compiler/targets/clip-targets.ts'
import { simulateArena, type Workspace } from '../../../../worker/engine/memory/arena-peak.ts'
import { mostConvolutionBytes } from '../../../../worker/engine/memory/convolution-workspace.ts'
import { cudaMemoryOf, withReserve } from '../../../../worker/engine/memory/cuda-memory.ts'
import { foldedGraph } from '../../../../worker/engine/memory/folded-graph.ts'
import { XT_CONFIGS } from '../../cli/a-command-line.ts'

const xt = await openCheckpoint(XT_CONFIGS, { weights: 'optional' })

const decoder = (frames: number, precision: Precision, { width, height } = { width: 512, height: 320 }) => {
  const targets = cudaTargets({ precision, forceUpcast: false })
  const size = { width, height, numFrames: frames, guidance: true, feedForwardChunks: 1 }
  return foldedGraph(compileClip(xt, { ...size, targets }).vaeDecoder(frames, 'rgb'))
}

const GIB = 2 ** 30
const A10G = { computeCapability: 86, hasTf32: true }

/** The shape for which cuDNN 9.28.1 plans no workspace on an A10G, though it plans one for all other shapes of its size. */
const LEFT_OUT = [4, 288, 512, 512]

test.each([
  ['none', () => 0],
  ['the most', (node: Node) => mostConvolutionBytes(node, A10G)],
  ['half of the most', (node: Node) => mostConvolutionBytes(node, A10G) / 2],
  ['a copy of the input', ({ inputs: [x] }: Node) => (x == null ? 0 : bytesOf(x))],
  [
    'a copy of the input, except for one shape',
    ({ inputs: [x] }: Node) => (x == null || isDeepStrictEqual(x.shape, LEFT_OUT) ? 0 : bytesOf(x)),
  ],
])(
  'a float32 decoder takes the predicted memory for every workspace that cuDNN plans: %s',
  (_, bytesOfConvolution) => {
    const graph = decoder(4, 'fp32', { width: 1024, height: 576 })
    const { reserve, arenaBytes } = cudaMemoryOf(graph, A10G)
    const workspace: Workspace = (node) => (node.op === 'NhwcConv' ? [bytesOfConvolution(node)] : [])
    expect(simulateArena(withReserve(graph, reserve), workspace)?.arenaBytes).toBe(arenaBytes)
  },
)

test('the reserve of a float32 decoder depends on what cuDNN plans for the GPU', () => {
  const graph = decoder(7, 'fp32')
  const gibOn = (computeCapability: number, hasTf32 = true) =>
    (cudaMemoryOf(graph, { computeCapability, hasTf32 }).reserve?.bytes ?? 0) / GIB
  expect([75, 80, 86, 89, 90].map((capability) => gibOn(capability))).toEqual([6, 6, 6, 6, 4])
  expect(gibOn(90, false)).toBe(6)
  expect(gibOn(100)).toBe(6)
})

test('a float16 decoder, whose convolutions allocate nothing, gets a reserve only if it takes less with it', () => {
  const [without, reserved] = [4, 6].map((frames) => cudaMemoryOf(decoder(frames, 'fp16'), A10G).reserve)
  expect(without).toBeNull()
  expect(reserved?.bytes).toBe(GIB / 2)
})
