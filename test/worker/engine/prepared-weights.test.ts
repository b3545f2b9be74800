import { once } from 'node:events'
import { readdir, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { compileClip } from '../../../worker/compiler/compile.ts'
import { nchwcTarget } from '../../../worker/compiler/targets/nchwc.ts'
import { oneTarget, type Target } from '../../../worker/compiler/targets/target.ts'
import { detectCpuTarget } from '../../../worker/engine/nchwc-block.ts'
import { withPreparedWeights } from '../../../worker/engine/prepared-weights.ts'
import { openSession } from '../../../worker/engine/session.ts'
import { expectClose } from '../../fixtures/close.ts'
import { readCheckpointSpec, writeRandomCheckpoint } from '../../fixtures/random-checkpoint.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { drawUniform } from '../../fixtures/uniform.ts'

const aDecoder = async (target: Target = nchwcTarget(8), size = 32) => {
  const folder = await writeRandomCheckpoint(await temporaryDir(), await readCheckpointSpec('tiny'))
  const checkpoint = await openCheckpoint(folder)
  const sizes = { width: size, height: size, numFrames: 2, guidance: true, feedForwardChunks: 1 }
  return { folder, graph: compileClip(checkpoint, { ...sizes, targets: oneTarget(target) }).vaeDecoder(2) }
}

const weightFiles = async (cacheDir: string): Promise<string[]> => (await readdir(cacheDir)).sort()

describe('kernels in the order of the runtime', () => {
  test('give the same numbers from the file as computed with the session', async () => {
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

  test('are written once, whatever the size of the pictures', async () => {
    const cacheDir = await temporaryDir()
    const folder = await writeRandomCheckpoint(await temporaryDir(), await readCheckpointSpec('tiny'))
    const checkpoint = await openCheckpoint(folder)
    const sizes = { numFrames: 2, guidance: true, feedForwardChunks: 1, targets: oneTarget(nchwcTarget(8)) }
    for (const side of [32, 64]) {
      const graph = compileClip(checkpoint, { ...sizes, width: side, height: side }).vaeDecoder(2)
      await withPreparedWeights(graph, cacheDir)
    }
    expect(await weightFiles(cacheDir)).toHaveLength(1)
  })

  test('are written anew when the checkpoint is another', async () => {
    const cacheDir = await temporaryDir()
    for (const { graph } of [await aDecoder(), await aDecoder()]) await withPreparedWeights(graph, cacheDir)
    expect(await weightFiles(cacheDir)).toHaveLength(2)
  })

  test('are made again when the file was cut short', async () => {
    const cacheDir = await temporaryDir()
    const { graph } = await aDecoder()
    await withPreparedWeights(graph, cacheDir)
    const [file = ''] = await weightFiles(cacheDir)
    const { size } = await stat(join(cacheDir, file))
    await truncate(join(cacheDir, file), size - 1)
    await withPreparedWeights(graph, cacheDir)
    expect((await stat(join(cacheDir, file))).size).toBe(size)
    expect(await weightFiles(cacheDir)).toEqual([file])
  })

  test('are computed with the session where the folder cannot be written, and a warning says so', async () => {
    const warning = once(process, 'warning') as Promise<[Error]>
    const { graph } = await aDecoder(await detectCpuTarget())
    const cacheDir = join(await temporaryDir(), 'file')
    await writeFile(cacheDir, '')
    await using session = await openSession(graph, { threads: 1, cacheDir })
    expect(session.name).toBe('vae_decoder')
    expect((await warning)[0].message).toContain(`weights of vae_decoder are not kept in ${cacheDir}`)
  })
})
