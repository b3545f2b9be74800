import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema } from 'onnx-buf'
import * as ort from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { elementCount } from '../../../worker/checkpoint/element-count.ts'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { type ClipGraphs, compileClip } from '../../../worker/compiler/compile.ts'
import type { Graph } from '../../../worker/compiler/graph/graph.ts'
import { statisticsOf } from '../../../worker/compiler/graph/statistics.ts'

import { preparationNodes } from '../../../worker/compiler/graph/weight-preparation.ts'
import { oneTarget, type Target } from '../../../worker/compiler/targets/target.ts'
import { prepareSession } from '../../../worker/engine/session.ts'
import { CPU_TARGETS } from '../../fixtures/cpu-targets.ts'
import {
  readCheckpointSpec,
  type WeightDtype,
  writeRandomCheckpoint,
} from '../../fixtures/random-checkpoint.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const DTYPES: readonly WeightDtype[] = ['F32', 'F16', 'BF16']
const CASES = CPU_TARGETS.flatMap((target) => DTYPES.map((dtype) => [target.name, dtype, target] as const))

const aClip = async (dtype: WeightDtype, target: Target): Promise<ClipGraphs> => {
  const folder = await writeRandomCheckpoint(await temporaryDir(), await readCheckpointSpec('tiny'), {
    dtype,
  })
  const sizes = { width: 64, height: 64, numFrames: 3, guidance: true, feedForwardChunks: 2 }
  return compileClip(await openCheckpoint(folder), { ...sizes, targets: oneTarget(target) })
}

/** Every graph that a clip has, including those added later. Graphs that take a count are recorded for one and two. */
const graphsOf = (clip: ClipGraphs): readonly Graph[] => {
  const { checkWeights: _, weights: __, ...recorders } = clip
  const recorded = Object.values(recorders).flatMap((record: (count: 1 | 2) => Graph) => [
    record(1),
    record(2),
  ])
  const keyOf = ({ name, inputs }: Graph): string => `${name} ${inputs.map(({ shape }) => `[${shape}]`)}`
  return [...new Map(recorded.map((graph) => [keyOf(graph), graph])).values()]
}

/** Nodes of the model, by what their inputs come from, as ONNX Runtime reads it: names alone. */
const constantNodes = (bytes: Uint8Array): readonly string[] => {
  const { initializer = [], node = [], input = [] } = fromBinary(ModelProtoSchema, bytes).graph ?? {}
  const fed = new Set(input.map(({ name }) => name))
  const constant = new Set(initializer.map(({ name }) => name).filter((name) => !fed.has(name)))
  return node
    .filter((each) => {
      const isConstant = each.input.every((name) => name === '' || constant.has(name))
      if (isConstant) for (const name of each.output) constant.add(name)
      return isConstant
    })
    .map(({ name }) => name)
}

/** The nodes that a session from `prepareSession` runs, by ONNX Runtime's own profile. */
const nodesRun = async (graph: Graph): Promise<readonly { readonly name: string; readonly op: string }[]> => {
  const { bytes, ortOptions } = await prepareSession(graph, { threads: 1 })
  const dir = await temporaryDir()
  const session = await ort.InferenceSession.create(bytes, {
    ...ortOptions,
    enableProfiling: true,
    profileFilePrefix: join(dir, 'profile'),
  })
  const zeros = graph.inputs.map(({ name, shape }) => [
    name,
    new ort.Tensor('float32', new Float32Array(elementCount(shape)), shape),
  ])
  await session.run(Object.fromEntries(zeros))
  session.endProfiling()
  await session.release()
  const [file = ''] = await readdir(dir)
  const events = JSON.parse(await readFile(join(dir, file), 'utf8')) as {
    cat: string
    name: string
    args?: { op_name?: string }
  }[]
  return events
    .filter(({ cat, name }) => cat === 'Node' && name.endsWith('_kernel_time'))
    .map(({ name, args }) => ({ name: name.replace(/_kernel_time$/, ''), op: args?.op_name ?? '' }))
}

describe.each(CASES)('on %s with %s weights', (_, dtype, target) => {
  test('no graph of a clip keeps a node that depends on constants alone', async () => {
    const cacheDir = await temporaryDir()
    const graphs = graphsOf(await aClip(dtype, target))
    expect(graphs.length).toBeGreaterThanOrEqual(11)
    expect(graphs.some((graph) => preparationNodes(graph).size > 0)).toBe(true)
    for (const graph of graphs) {
      const { bytes, ortOptions } = await prepareSession(graph, { threads: 1, cacheDir })
      expect({ graph: graph.name, left: constantNodes(bytes) }).toEqual({ graph: graph.name, left: [] })
      expect(ortOptions.graphOptimizationLevel).toBe('disabled')
      const { nodes } = statisticsOf(graph)
      expect(fromBinary(ModelProtoSchema, bytes).graph?.node).toHaveLength(nodes)
    }
  })

  test('a session without a cache runs no node that depends on constants alone', async () => {
    const clip = await aClip(dtype, target)
    for (const graph of [clip.imageEncoder(), clip.denoiseStep(), clip.vaeDecoder(2)]) {
      const prepared = new Set([...preparationNodes(graph)].map(({ name }) => name))
      const run = await nodesRun(graph)
      expect(run.length).toBeGreaterThan(graph.nodes.length / 10)
      expect(run.filter(({ name, op }) => prepared.has(name) || op === 'Cast')).toEqual([])
    }
  })
})
