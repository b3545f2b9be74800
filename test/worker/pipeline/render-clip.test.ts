import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseRenderArguments } from '../../../shared/contracts/render-arguments.ts'
import { resolveParameters } from '../../../shared/contracts/render-parameters.ts'
import { decodeImage } from '../../../shared/image/decode-image.ts'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { vaeScaleFactor } from '../../../worker/compiler/compile.ts'
import {
  type CudaTargetOptions,
  cudaTargets,
  type Precision,
} from '../../../worker/compiler/targets/clip-targets.ts'
import { openDevice } from '../../../worker/engine/device.ts'
import { openSession } from '../../../worker/engine/session.ts'
import { createSessionPool, type OpenSession } from '../../../worker/engine/session-pool.ts'
import { fitImage } from '../../../worker/pipeline/image/fit.ts'
import { renderClip } from '../../../worker/pipeline/render-clip.ts'
import { expectClose } from '../../fixtures/close.ts'
import { cudaOpsOnCpu } from '../../fixtures/cuda-ops-on-cpu.ts'
import { differenceOf, relativeRmsOf } from '../../fixtures/difference.ts'
import { type Golden, type GoldenTensor, readGolden } from '../../fixtures/golden.ts'
import { readHalfClipError } from '../../fixtures/half-errors.ts'
import {
  type CheckpointName,
  readCheckpointSpec,
  writeRandomCheckpoint,
} from '../../fixtures/random-checkpoint.ts'
import { takeRgbFrames } from '../../fixtures/rgb-frames.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const goldenImage = (name: string): Promise<Buffer> =>
  readFile(fileURLToPath(new URL(`../../goldens/images/${name}`, import.meta.url)))

/** Sessions of the CPU, on which ops that only CUDA has are replaced by others of the same contract. */
const openOnCpu: OpenSession = (graph, options) => openSession(cudaOpsOnCpu(graph), options)

interface Setup {
  /** Default: what this processor runs fastest. CUDA's graphs run on the CPU. */
  readonly graphs?: 'cpu' | CudaTargetOptions['precision']
  /** Default: the precision of the golden. */
  readonly precision?: Precision
  readonly keep?: 'all' | 'one'
  readonly lowMemory?: boolean
  /** `true` adds a float32 decoder for the fallback decode. */
  readonly exact?: boolean
  readonly open?: OpenSession
  readonly overrides?: Readonly<Record<string, unknown>>
}

const renderGolden = async (
  golden: Golden,
  {
    graphs = 'cpu',
    keep = 'all',
    lowMemory = false,
    exact = false,
    open = openOnCpu,
    overrides = {},
    ...setup
  }: Setup = {},
) => {
  const {
    checkpoint: name = '',
    variant = '',
    arguments: given = '{}',
    image = '',
    precision,
  } = golden.metadata
  const dir = await writeRandomCheckpoint(
    await temporaryDir(),
    await readCheckpointSpec(name as CheckpointName),
    variant === 'fp16' ? { variant } : {},
  )
  const checkpoint = await openCheckpoint(dir)
  const parameters = resolveParameters(
    parseRenderArguments({ ...(JSON.parse(given) as Record<string, unknown>), ...overrides }),
    checkpoint.defaults,
    { vaeScaleFactor: vaeScaleFactor(checkpoint.vae.config) },
  )
  await using pool = createSessionPool({ keep, threads: 2, cacheDir: null }, open)
  const { forceUpcast } = checkpoint.vae.config
  const device = await openDevice({ provider: 'cpu' })
  const source = await decodeImage(await goldenImage(image), image)
  const fitted = fitImage(source, parameters.width, parameters.height, parameters.fit)
  const targets =
    graphs === 'cpu' ? device.targets({ forceUpcast }) : cudaTargets({ precision: graphs, forceUpcast })
  const clip = await renderClip({ source, fitted }, parameters, {
    checkpoint,
    pool,
    targets,
    exactTargets: exact ? targets : null,
    lowMemory,
    precision: setup.precision ?? (precision === 'fp16' ? 'fp16' : 'fp32'),
    onProgress: () => {},
    signal: new AbortController().signal,
  })
  const frames = Buffer.concat(await takeRgbFrames(clip))
  return { latents: clip.latents, frames, decodeFallbacks: clip.decodeFallbacks() }
}

/** At most 1 of 255 anywhere, at most 0.01 of 255 on average. */
const expectSameFrames = (actual: Uint8Array, golden: GoldenTensor<Uint8Array>): void => {
  expect(actual.length).toBe(golden.data.length)
  const { maxAbsolute, meanAbsolute } = differenceOf(actual, golden.data)
  expect(maxAbsolute).toBeLessThanOrEqual(1)
  expect(meanAbsolute).toBeLessThanOrEqual(0.01)
}

const CASES = [
  'default-ramp',
  'no-guidance',
  'one-frame',
  'one-frame-guided',
  'falling-guidance',
  'low-start-guidance',
  'custom-sigmas',
  'align-your-steps',
  'chunked-decode',
  'chunk-of-one',
  'portrait',
  'jpeg-exif',
  'transparent',
  'two-videos',
  'no-noise',
  'strong-noise',
  'conditions',
  'long-seed',
  'fp16-variant',
  'half-noise',
  'three-level',
  'four-level-odd',
  'four-level-portrait',
] as const

describe.each(['cpu', 'fp32'] as const)('renderClip with the graphs for %s', (graphs) => {
  test.each(CASES)('gives the frames of diffusers: %s', async (name) => {
    const golden = await readGolden(`pipeline-${name}`)
    const { latents, frames } = await renderGolden(golden, { graphs })
    const expected = golden.tensor('latents')
    expectClose({ ...latents, shape: expected.shape }, expected, { relativeToScale: 1e-4 })
    expectSameFrames(frames, golden.tensor<Uint8Array>('frames'))
  })
})

describe('a clip of the float16 graphs for CUDA', () => {
  test.each(['default-ramp', 'half-noise', 'three-level'])(
    'is as close to the float32 clip as that of diffusers in float16: %s',
    async (name) => {
      const golden = await readGolden(`pipeline-${name}`)
      const budget = await readHalfClipError(`pipeline-${name}`)
      const precision = 'fp16'
      const [single, half] = [
        await renderGolden(golden, { precision }),
        await renderGolden(golden, { precision, graphs: 'fp16' }),
      ]
      const error = relativeRmsOf(half.latents.data, single.latents.data)
      expect(error, 'latents: relative RMS').toBeLessThanOrEqual(budget.latents.relativeRms)
      const { maxAbsolute, meanAbsolute } = differenceOf(half.frames, single.frames)
      expect(meanAbsolute, 'frames: mean of 255').toBeLessThanOrEqual(budget.frames.meanOf255)
      expect(maxAbsolute, 'frames: largest of 255').toBeLessThanOrEqual(budget.frames.maxOf255 + 1)
    },
  )
})

describe('renderClip', () => {
  let golden: Golden
  beforeAll(async () => {
    golden = await readGolden('pipeline-default-ramp')
  })

  test('gives the same bytes with one network in memory as with all of them', async () => {
    const [together, offloaded] = [await renderGolden(golden), await renderGolden(golden, { keep: 'one' })]
    expect(offloaded.frames.equals(together.frames)).toBe(true)
  })

  test('gives the frames of diffusers with passes apart and feed-forwards in chunks', async () => {
    const opened: string[] = []
    const open: OpenSession = (graph, options) => {
      opened.push(graph.name)
      return openOnCpu(graph, options)
    }
    const { frames } = await renderGolden(golden, { keep: 'one', lowMemory: true, open })
    expectSameFrames(frames, golden.tensor<Uint8Array>('frames'))
    // The UNet is read and planned once, not at each step.
    expect(opened.filter((name) => name === 'prediction_step')).toHaveLength(1)
  })
})

test('another seed gives another clip', async () => {
  const golden = await readGolden('pipeline-default-ramp')
  const { frames } = await renderGolden(golden, { overrides: { seed: 1 } })
  expect(differenceOf(frames, golden.tensor<Uint8Array>('frames').data).meanAbsolute).toBeGreaterThan(1)
})

test('a chunk that overflows gets the frames of the fallback decode in float32', async () => {
  const decoders: string[] = []
  const overflowsFirst: OpenSession = async (graph, options) => {
    const session = await openOnCpu(graph, options)
    if (!graph.name.startsWith('vae_decoder') || decoders.push(graph.name) > 1) return session
    return {
      ...session,
      async run(inputs) {
        const outputs = await session.run(inputs)
        for (const { data } of Object.values(outputs)) data.fill(1)
        return outputs
      },
    }
  }
  const golden = await readGolden('pipeline-default-ramp')
  const { frames, decodeFallbacks } = await renderGolden(golden, { exact: true, open: overflowsFirst })
  expectSameFrames(frames, golden.tensor<Uint8Array>('frames'))
  expect({ decodeFallbacks, decoders }).toEqual({
    decodeFallbacks: 1,
    decoders: ['vae_decoder', 'vae_decoder_float32'],
  })
})
