/// <reference lib="esnext.float16" />
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { bfloat16ToFloat32 } from '../../../worker/checkpoint/half-floats.ts'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { readSafetensorsHeader } from '../../../worker/checkpoint/safetensors.ts'
import { compileClip } from '../../../worker/compiler/compile.ts'
import { encodeOnnx } from '../../../worker/compiler/graph/encode-onnx.ts'
import { createGraph, type Graph } from '../../../worker/compiler/graph/graph.ts'
import { add, cast, mul } from '../../../worker/compiler/ops/elementwise.ts'
import { matmulTransposed } from '../../../worker/compiler/ops/matmul.ts'
import { concat, reshape } from '../../../worker/compiler/ops/shape.ts'
import { nchwcTarget } from '../../../worker/compiler/targets/nchwc.ts'
import { oneTarget, type Target } from '../../../worker/compiler/targets/target.ts'
import { openWeights } from '../../../worker/compiler/weights/weights.ts'
import { detectCpuTarget } from '../../../worker/engine/nchwc-block.ts'
import { makeOfPreparedWeights, withPreparedWeights } from '../../../worker/engine/prepared-weights.ts'
import { openSession } from '../../../worker/engine/session.ts'
import { runningOptions } from '../../../worker/engine/session-options.ts'
import { encodeRaw } from '../../fixtures/checkpoint-safetensors.ts'
import { expectClose } from '../../fixtures/close.ts'
import { readCheckpointSpec, writeRandomCheckpoint } from '../../fixtures/random-checkpoint.ts'
import { tensorOf } from '../../fixtures/run-graph.ts'
import { someTensor, storedWeights } from '../../fixtures/stored-weights.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { drawUniform } from '../../fixtures/uniform.ts'

const aDecoder = async (target: Target = nchwcTarget(8), size = 32) => {
  const folder = await writeRandomCheckpoint(await temporaryDir(), await readCheckpointSpec('tiny'))
  const checkpoint = await openCheckpoint(folder)
  const sizes = { width: size, height: size, numFrames: 2, guidance: true, feedForwardChunks: 1 }
  return { folder, graph: compileClip(checkpoint, { ...sizes, targets: oneTarget(target) }).vaeDecoder(2) }
}

const weightFiles = async (cacheDir: string): Promise<string[]> => (await readdir(cacheDir)).sort()

describe('prepared kernels', () => {
  test('give the same numbers from the file as when the session computes them', async () => {
    const cacheDir = await temporaryDir()
    const { graph } = await aDecoder(await detectCpuTarget())
    const [{ shape = [] } = {}] = graph.inputs
    const latents = {
      shape,
      data: drawUniform(
        1,
        shape.reduce((a, b) => a * b, 1),
      ),
    }
    await using computed = await openSession(graph, { threads: 1 })
    await using first = await openSession(graph, { threads: 1, cacheDir })
    await using second = await openSession(graph, { threads: 1, cacheDir })
    const expected = (await computed.run({ latents }))['frames']!
    expectClose((await first.run({ latents }))['frames']!, expected, { absolute: 0 })
    expectClose((await second.run({ latents }))['frames']!, expected, { absolute: 0 })
  })

  test('are written once for all sizes of images', async () => {
    const cacheDir = await temporaryDir()
    const folder = await writeRandomCheckpoint(await temporaryDir(), await readCheckpointSpec('tiny'))
    const checkpoint = await openCheckpoint(folder)
    const sizes = { numFrames: 2, guidance: true, feedForwardChunks: 1, targets: oneTarget(nchwcTarget(8)) }
    for (const side of [32, 64]) {
      const graph = compileClip(checkpoint, { ...sizes, width: side, height: side }).vaeDecoder(2)
      await withPreparedWeights(graph, { cacheDir })
    }
    expect(await weightFiles(cacheDir)).toHaveLength(1)
  })

  test('are written again for another checkpoint', async () => {
    const cacheDir = await temporaryDir()
    for (const { graph } of [await aDecoder(), await aDecoder()])
      await withPreparedWeights(graph, { cacheDir })
    expect(await weightFiles(cacheDir)).toHaveLength(2)
  })

  test('are written again if the file was truncated', async () => {
    const cacheDir = await temporaryDir()
    const { graph } = await aDecoder()
    await withPreparedWeights(graph, { cacheDir })
    const [file = ''] = await weightFiles(cacheDir)
    const { size } = await stat(join(cacheDir, file))
    await truncate(join(cacheDir, file), size - 1)
    await withPreparedWeights(graph, { cacheDir })
    expect((await stat(join(cacheDir, file))).size).toBe(size)
    expect(await weightFiles(cacheDir)).toEqual([file])
  })

  test('are written again if a byte of the file changed', async () => {
    const cacheDir = await temporaryDir()
    const { graph } = await aDecoder()
    await withPreparedWeights(graph, { cacheDir })
    const [name = ''] = await weightFiles(cacheDir)
    const path = join(cacheDir, name)
    const whole = await readFile(path)
    const file = await open(path, 'r+')
    await file.write(Uint8Array.of((whole[1000] ?? 0) ^ 0xff), 0, 1, 1000)
    await file.close()
    await withPreparedWeights(graph, { cacheDir })
    expect((await readFile(path)).equals(whole)).toBe(true)
    expect(await weightFiles(cacheDir)).toEqual([name])
  })

  const sha256Of = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')

  /** Makes the SHA-256 of the one file in the cache, which stands for a session that maps it. */
  const aMaker = (cacheDir: string) => {
    const made: string[] = []
    const discarded: string[] = []
    const make = async (): Promise<string> => {
      const [name = ''] = await weightFiles(cacheDir)
      const sha256 = sha256Of(await readFile(join(cacheDir, name)))
      made.push(sha256)
      return sha256
    }
    const discard = async (sha256: string): Promise<void> => void discarded.push(sha256)
    return { made, discarded, maker: { make, discard } }
  }

  test('are used once for each session if their file is intact', async () => {
    const cacheDir = await temporaryDir()
    const { graph } = await aDecoder()
    const { made, discarded, maker } = aMaker(cacheDir)
    await makeOfPreparedWeights(graph, { cacheDir }, maker)
    await makeOfPreparedWeights(graph, { cacheDir }, maker)
    expect([made.length, discarded.length]).toEqual([2, 0])
  })

  test('are used again if their file was damaged, and the first result is discarded', async () => {
    const cacheDir = await temporaryDir()
    const { graph } = await aDecoder()
    await withPreparedWeights(graph, { cacheDir })
    const [name = ''] = await weightFiles(cacheDir)
    const whole = await readFile(join(cacheDir, name))
    const damaged = Buffer.from(whole).fill(0, 0, 1000)
    await writeFile(join(cacheDir, name), damaged)
    const { made, discarded, maker } = aMaker(cacheDir)
    const result = await makeOfPreparedWeights(graph, { cacheDir }, maker)
    expect(result).toBe(sha256Of(whole))
    expect(made).toEqual([sha256Of(damaged), sha256Of(whole)])
    expect(discarded).toEqual([sha256Of(damaged)])
  })

  test('are written again if their file is deleted before its use', async () => {
    const cacheDir = await temporaryDir()
    const { graph } = await aDecoder()
    await withPreparedWeights(graph, { cacheDir })
    const [name = ''] = await weightFiles(cacheDir)
    const { made, discarded, maker } = aMaker(cacheDir)
    let isFirst = true
    const make = async (): Promise<string> => {
      if (isFirst) await rm(join(cacheDir, name))
      isFirst = false
      return await maker.make()
    }
    await makeOfPreparedWeights(graph, { cacheDir }, { ...maker, make })
    expect([made.length, discarded.length]).toEqual([1, 0])
    expect(await weightFiles(cacheDir)).toEqual([name])
  })

  test('are not written again if the use of the file fails for another reason', async () => {
    const cacheDir = await temporaryDir()
    const { graph } = await aDecoder()
    let calls = 0
    const make = async (): Promise<never> => {
      calls += 1
      throw new Error('the card is lost')
    }
    const making = makeOfPreparedWeights(graph, { cacheDir }, { make, discard: async () => {} })
    await expect(making).rejects.toThrow('the card is lost')
    expect(calls).toBe(1)
  })

  test('give the right numbers if their file was damaged', async () => {
    const cacheDir = await temporaryDir()
    const { graph } = await aDecoder(await detectCpuTarget())
    const [{ shape = [] } = {}] = graph.inputs
    const latents = someTensor(1, shape)
    await using computed = await openSession(graph, { threads: 1 })
    await withPreparedWeights(graph, { cacheDir })
    const [name = ''] = await weightFiles(cacheDir)
    const { size } = await stat(join(cacheDir, name))
    await writeFile(join(cacheDir, name), new Uint8Array(size))
    await using session = await openSession(graph, { threads: 1, cacheDir })
    const expected = (await computed.run({ latents }))['frames']!
    expectClose((await session.run({ latents }))['frames']!, expected, { absolute: 0 })
  })

  test('are one file if two sessions write them at the same time', async () => {
    const cacheDir = await temporaryDir()
    const { graph } = await aDecoder()
    await Promise.all([withPreparedWeights(graph, { cacheDir }), withPreparedWeights(graph, { cacheDir })])
    expect(await weightFiles(cacheDir)).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.weights$/)])
  })

  test('are shared by the graphs of one network', async () => {
    const cacheDir = await temporaryDir()
    const folder = await writeRandomCheckpoint(await temporaryDir(), await readCheckpointSpec('tiny'))
    const sizes = { width: 64, height: 64, numFrames: 2, guidance: true, feedForwardChunks: 1 }
    const graphs = compileClip(await openCheckpoint(folder), { ...sizes, targets: oneTarget(nchwcTarget(8)) })
    await withPreparedWeights(graphs.denoiseStep(), { cacheDir })
    const files = await weightFiles(cacheDir)
    await withPreparedWeights(graphs.predictionStep(), { cacheDir })
    expect(files).toHaveLength(1)
    expect(await weightFiles(cacheDir)).toEqual(files)
  })

  test('are computed with the session if the folder cannot be written, with a warning', async () => {
    const warning = once(process, 'warning') as Promise<[Error]>
    const { graph } = await aDecoder(await detectCpuTarget())
    const cacheDir = join(await temporaryDir(), 'file')
    await writeFile(cacheDir, '')
    await using session = await openSession(graph, { threads: 1, cacheDir })
    expect(session.name).toBe('vae_decoder')
    expect((await warning)[0].message).toContain(`weights of vae_decoder are not kept in ${cacheDir}`)
  })
})

describe('prepared results', () => {
  /** y = x + square(w), rounded to float16 last, as a target of that type records it. */
  const roundedSquare = async (size: number): Promise<Graph> => {
    const w = await storedWeights({ w: someTensor(1, [size]) })
    const g = createGraph('rounded')
    const weight = g.weight(w.tensor('w', [size]))
    const rounded = cast(g, mul(g, weight, weight), 'float16')
    g.output('y', cast(g, add(g, cast(g, g.input('x', [size]), 'float16'), rounded), 'float32'))
    return g
  }

  test.each([
    ['inside the graph', 10],
    ['in the file', 50_000],
  ])('can be float16 %s', async (_, size) => {
    const cacheDir = await temporaryDir()
    const graph = await roundedSquare(size)
    const ready = await withPreparedWeights(graph, { cacheDir })
    expect(ready.constants.map(({ value, source }) => [value.dtype, source])).toEqual([
      ['float16', size === 10 ? 'inline' : 'weight'],
    ])
    expect(await weightFiles(cacheDir)).toHaveLength(size === 10 ? 0 : 1)
    const expected = Float32Array.from(
      someTensor(1, [size]).data,
      (w) => new Float16Array([Math.fround(w * w)])[0]!,
    )
    await using session = await openSession(graph, { threads: 1, cacheDir })
    const { y } = await session.run({ x: tensorOf(new Array<number>(size).fill(0)) })
    expect(y?.data).toEqual(expected)
  })

  test.each([
    ['inside the graph', 10],
    ['in the file', 50_000],
  ])('are exact %s if bfloat16 weights are widened', async (_, size) => {
    const cacheDir = await temporaryDir()
    const bits = Uint16Array.from(
      new Uint32Array(someTensor(1, [size]).data.slice().buffer),
      (word) => word >>> 16,
    )
    const header = { w: { dtype: 'BF16', shape: [size], data_offsets: [0, bits.byteLength] } }
    const path = join(await temporaryDir(), 'weights.safetensors')
    await writeFile(path, encodeRaw(JSON.stringify(header), new Uint8Array(bits.buffer)))
    const g = createGraph('bfloat16')
    const w = openWeights('test', await readSafetensorsHeader(path)).root.tensor('w', [size])
    g.output('y', add(g, g.input('x', [size]), cast(g, g.weight(w), 'float32')))
    const x = tensorOf(new Array<number>(size).fill(0))
    for (const options of [{ threads: 1 }, { threads: 1, cacheDir }]) {
      await using session = await openSession(g, options)
      expect((await session.run({ x }))['y']?.data).toEqual(bfloat16ToFloat32(bits))
    }
    expect(await weightFiles(cacheDir)).toHaveLength(size === 10 ? 0 : 1)
  })

  test('can be sizes in int64', async () => {
    const g = createGraph('sizes')
    const sizes = concat(
      g,
      [2n, 3n].map((size) => g.inline(BigInt64Array.of(size), [1])),
      0,
    )
    const [y] = g.node({
      op: 'Reshape',
      inputs: [g.input('x', [6]), sizes],
      outputs: [{ shape: [2, 3], dtype: 'float32' }],
    })
    g.output('y', y!)
    const ready = await withPreparedWeights(g, { cacheDir: null })
    expect(ready.constants.map((each) => (each.source === 'inline' ? each.data : each.source))).toEqual([
      BigInt64Array.of(2n, 3n),
    ])
    await using session = await openSession(g, { threads: 1 })
    const x = tensorOf([1, 2, 3, 4, 5, 6])
    expect(await session.run({ x })).toEqual({ y: tensorOf([1, 2, 3, 4, 5, 6], [2, 3]) })
  })

  test('can be outputs of the graph, with the same numbers in every run', async () => {
    const w = await storedWeights({ w: someTensor(1, [4]) })
    const g = createGraph('constant')
    const weight = g.weight(w.tensor('w', [4]))
    g.output('square', mul(g, weight, weight))
    g.output('y', add(g, g.input('x', [4]), weight))
    await using session = await openSession(g, { threads: 1 })
    const x = tensorOf([0, 0, 0, 0])
    const expected = someTensor(1, [4]).data.map((number) => number * number)
    const { square } = await session.run({ x })
    expect(square?.data).toEqual(expected)
    square?.data.fill(7)
    expect((await session.run({ x }))['square']?.data).toEqual(expected)
  })

  test('of products with cast weights are bit-identical to those of a session that folds constants', async () => {
    // From 256 numbers a row, packed and unpacked weights give sums that are rounded differently.
    const shape = [256, 512]
    const halves = new Float16Array(someTensor(1, shape).data)
    const header = { w: { dtype: 'F16', shape, data_offsets: [0, halves.byteLength] } }
    const path = join(await temporaryDir(), 'weights.safetensors')
    await writeFile(path, encodeRaw(JSON.stringify(header), new Uint8Array(halves.buffer)))
    const w = openWeights('test', await readSafetensorsHeader(path)).root.tensor('w', shape)
    const g = createGraph('product')
    const rows = g.inline(someTensor(2, [4, 512]).data, [4, 512])
    g.output('product', matmulTransposed(g, rows, cast(g, g.weight(w), 'float32')))

    const { bytes, externalDataDir } = encodeOnnx(g)
    const folding = runningOptions({ provider: 'cpu', threads: 1, externalDataDir, foldsConstants: true })
    const itself = await ort.InferenceSession.create(bytes, folding)
    const expected = (await itself.run({}))['product']?.data
    await itself.release()
    await using session = await openSession(g, { threads: 1 })
    expect((await session.run({}))['product']?.data).toEqual(expected)
  })

  test('that are views of a weight are read from the checkpoint, without another file', async () => {
    const cacheDir = await temporaryDir()
    const w = await storedWeights({ w: someTensor(1, [200, 100]) })
    const g = createGraph('views')
    g.output(
      'y',
      add(g, g.input('x', [100, 200]), reshape(g, g.weight(w.tensor('w', [200, 100])), [100, 200])),
    )
    const { constants, nodes } = await withPreparedWeights(g, { cacheDir })
    expect(nodes.map(({ op }) => op)).toEqual(['Add', 'Identity'])
    expect(constants).toMatchObject([{ source: 'weight', weight: { key: 'w', shape: [100, 200] } }])
    expect(await weightFiles(cacheDir)).toEqual([])
    await using session = await openSession(g, { threads: 1, cacheDir })
    const x = { data: new Float32Array(20_000), shape: [100, 200] }
    expect((await session.run({ x }))['y']?.data).toEqual(someTensor(1, [200, 100]).data)
  })
})
