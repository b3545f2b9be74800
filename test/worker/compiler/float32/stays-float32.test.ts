import { beforeAll, expect, test } from 'vitest'
import { openCheckpoint } from '../../../../worker/checkpoint/open-checkpoint.ts'
import { compileClip } from '../../../../worker/compiler/compile.ts'
import { STAYS_FLOAT32 } from '../../../../worker/compiler/float32/stays-float32.ts'
import type { Node } from '../../../../worker/compiler/graph/graph.ts'
import { preparationNodes } from '../../../../worker/compiler/graph/weight-preparation.ts'
import { cudaTargets } from '../../../../worker/compiler/targets/clip-targets.ts'
import { type NamedGraphs, namedGraphs } from '../../../cuda/clip-graphs.ts'
import { XT_CONFIGS } from '../../../fixtures/checkpoint-folder.ts'

let graphs: NamedGraphs
beforeAll(async () => {
  const checkpoint = await openCheckpoint(XT_CONFIGS, { weights: 'optional' })
  const targets = cudaTargets({ precision: 'fp16', forceUpcast: true })
  graphs = namedGraphs(
    compileClip(checkpoint, {
      ...{ width: 256, height: 128, numFrames: 3, guidance: true },
      ...{ targets, feedForwardChunks: 1 },
    }),
    [3],
  )
})

const runNodes = (name: string): readonly Node[] => {
  const graph = graphs[name]!()
  const prepared = preparationNodes(graph)
  return graph.nodes.filter((node) => !prepared.has(node))
}

/** Nodes that a layer records have its path in front of their names. */
const isOfLayer = ({ name }: Node): boolean => name.includes('/')
const givesFloat32 = ({ outputs }: Node): boolean => outputs.some(({ dtype }) => dtype === 'float32')

test('no layer of a float16 network computes in float32, except in the VAE encoder under force_upcast', () => {
  expect(Object.keys(STAYS_FLOAT32)).toContain('the VAE encoder under force_upcast')
  const withFloat32 = Object.keys(graphs).filter((name) =>
    runNodes(name).some((node) => isOfLayer(node) && givesFloat32(node)),
  )
  expect(withFloat32).toEqual(['VAE encoder'])
})

test('every GroupNorm of a float16 network has gamma and beta in float32', () => {
  expect(Object.keys(STAYS_FLOAT32)).toContain("GroupNorm's gamma and beta on CUDA")
  const norms = Object.keys(graphs).flatMap((name) =>
    runNodes(name).filter(({ op }) => op === 'GroupNorm' || op === 'SkipGroupNorm'),
  )
  expect(norms.length).toBeGreaterThan(100)
  for (const { inputs } of norms)
    expect(inputs.slice(1, 3).map((input) => input?.dtype)).toEqual(['float32', 'float32'])
})

test('the Euler step, guidance, latents and sinusoidal embeddings are float32 in the graphs of float16 networks', () => {
  const float32Ops = (name: string): readonly string[] =>
    runNodes(name)
      .filter((node) => givesFloat32(node) && !isOfLayer(node))
      .map(({ op }) => op)
  expect(float32Ops('time shifts of 25 steps')).toEqual(expect.arrayContaining(['Cos', 'Sin']))
  expect(float32Ops('guided Euler step')).toEqual(expect.arrayContaining(['Sub', 'Mul', 'Sqrt', 'Div']))
  expect(graphs['denoise step']!().inputs.map(({ dtype }) => dtype)).not.toContain('float16')
})
