import { expect, test } from 'vitest'
import { openCheckpoint } from '../../worker/checkpoint/open-checkpoint.ts'
import { compileClip } from '../../worker/compiler/compile.ts'
import type { Graph } from '../../worker/compiler/graph/graph.ts'
import { cudaTarget } from '../../worker/compiler/targets/cuda/cuda.ts'
import { oneTarget } from '../../worker/compiler/targets/target.ts'
import { withPreparedWeights } from '../../worker/engine/prepared-weights.ts'
import { readCheckpointSpec, writeRandomCheckpoint } from '../fixtures/random-checkpoint.ts'
import { temporaryDir } from '../fixtures/temporary-dir.ts'
import { withSparseWeights } from './sparse-weights.ts'

/** All that a session sees but the numbers. */
const outlineOf = ({ nodes, constants, inputs, outputs }: Graph) => ({
  ...{ nodes, inputs, outputs },
  constants: constants.map(({ value, source }) => ({ ...value, source })).toSorted(byName),
})
const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : 1

test('withSparseWeights makes the same graph as withPreparedWeights', async () => {
  const dir = await temporaryDir()
  const checkpoint = await openCheckpoint(await writeRandomCheckpoint(dir, await readCheckpointSpec('tiny')))
  const graphs = compileClip(checkpoint, {
    ...{ width: 64, height: 48, numFrames: 3, guidance: true, feedForwardChunks: 1 },
    targets: oneTarget(cudaTarget('float16')),
  })
  for (const graph of [graphs.denoiseStep(), graphs.vaeDecoder(3)]) {
    const prepared = outlineOf(await withPreparedWeights(graph, { cacheDir: dir }))
    expect(prepared.constants.filter(({ source }) => source === 'weight')).not.toHaveLength(0)
    expect(outlineOf(await withSparseWeights(graph, dir))).toEqual(prepared)
  }
})
