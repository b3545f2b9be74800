import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { elementCount } from '../../../../worker/checkpoint/element-count.ts'
import { openCheckpoint } from '../../../../worker/checkpoint/open-checkpoint.ts'
import { compileClip } from '../../../../worker/compiler/compile.ts'
import { cpuTargets } from '../../../../worker/compiler/targets/clip-targets.ts'
import type { Tensor } from '../../../../worker/engine/tensor.ts'
import { exportedGraphs } from '../../../../worker/export/exported-graphs.ts'
import { expectClose } from '../../../fixtures/close.ts'
import { readCheckpointSpec, writeRandomCheckpoint } from '../../../fixtures/random-checkpoint.ts'
import { runGraph } from '../../../fixtures/run-graph.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { drawUniform } from '../../../fixtures/uniform.ts'
import { runCommandLine } from '../a-command-line.ts'

/** A Python that has onnx and onnxruntime 1.30. */
const python = process.env['SVD_PYTHON']
const SHAPE = {
  width: 64,
  height: 48,
  numFrames: 3,
  guidance: true,
  steps: 2,
  decodeChunk: 2,
  targets: cpuTargets(),
} as const

const floats = (bytes: Buffer): Float32Array =>
  new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))

/** Positive numbers away from 0, so that sigmas are as valid as latents are. */
const anInput = (seed: number, shape: readonly number[]): Tensor => ({
  data: drawUniform(seed, elementCount(shape)).map((u) => u + 0.5),
  shape,
})

describe.skipIf(python === undefined)(
  python === undefined
    ? 'compiled graphs in Python (skipped: SVD_PYTHON names no Python)'
    : 'compiled graphs in Python',
  () => {
    test.each([
      ['F32', {}],
      ['F16', { variant: 'fp16' }],
      ['sharded', { shards: 2 }],
    ] as const)('pass onnx.checker and give the same numbers for the checkpoint form %s', async (_, form) => {
      const folder = await temporaryDir()
      const checkpointDir = await writeRandomCheckpoint(
        path.join(folder, 'checkpoint'),
        await readCheckpointSpec('tiny'),
        form,
      )
      const output = path.join(folder, 'onnx')
      const { exitCode, stderr } = await runCommandLine([
        ...['compile', '--checkpoint', checkpointDir, '--output', output, '--width', String(SHAPE.width)],
        ...['--height', String(SHAPE.height), '--num-frames', String(SHAPE.numFrames)],
        ...['--decode-chunk-size', String(SHAPE.decodeChunk)],
      ])
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })

      const checkpoint = await openCheckpoint(checkpointDir)
      const exported = exportedGraphs(compileClip(checkpoint, { ...SHAPE, feedForwardChunks: 1 }), SHAPE)
      const expected = new Map<string, Readonly<Record<string, Tensor>>>()
      for (const { file, graph } of exported) {
        const inputs = graph.inputs.map(({ shape }, n) => anInput(n, shape))
        for (const [n, { data }] of inputs.entries())
          await writeFile(path.join(folder, `${file}.${n}.in`), data)
        const named = Object.fromEntries(graph.inputs.map(({ name }, n) => [name, inputs[n] as Tensor]))
        expected.set(file, await runGraph(graph, named))
      }
      const graphs = exported.map(({ file }) => ({ model: path.join(output, file) }))
      await writeFile(path.join(folder, 'order.json'), JSON.stringify({ graphs }))
      const script = fileURLToPath(new URL('./run_onnx.py', import.meta.url))
      await execa(python ?? 'python', [script, folder])

      for (const { file, graph } of exported) {
        for (const [n, { name, shape }] of graph.outputs.entries()) {
          const data = floats(await readFile(path.join(folder, `${file}.${n}.out`)))
          const wanted = expected.get(file)?.[name]
          if (wanted === undefined) throw new Error(`${file} has no output ${name}`)
          // The same library of the same version: only threads may change the order of sums.
          expectClose({ data, shape }, wanted, { relativeToScale: 1e-5 })
        }
      }
    })
  },
)
