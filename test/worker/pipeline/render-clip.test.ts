import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseRenderArguments } from '../../../shared/contracts/render-arguments.ts'
import { resolveParameters } from '../../../shared/contracts/render-parameters.ts'
import { decodeImage } from '../../../shared/image/decode-image.ts'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { vaeScaleFactor } from '../../../worker/compiler/compile.ts'
import { openDevice } from '../../../worker/engine/device.ts'
import { createSessionPool } from '../../../worker/engine/session-pool.ts'
import { fitImage } from '../../../worker/pipeline/image/fit.ts'
import { renderClip } from '../../../worker/pipeline/render-clip.ts'
import { expectClose } from '../../fixtures/close.ts'
import { differenceOf } from '../../fixtures/difference.ts'
import { type Golden, type GoldenTensor, readGolden } from '../../fixtures/golden.ts'
import {
  type CheckpointName,
  readCheckpointSpec,
  writeRandomCheckpoint,
} from '../../fixtures/random-checkpoint.ts'
import { takeRgbFrames } from '../../fixtures/rgb-frames.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const goldenImage = (name: string): Promise<Buffer> =>
  readFile(fileURLToPath(new URL(`../../goldens/images/${name}`, import.meta.url)))

interface Setup {
  readonly keep?: 'all' | 'one'
  readonly lowMemory?: boolean
  readonly overrides?: Readonly<Record<string, unknown>>
}

const renderGolden = async (
  golden: Golden,
  { keep = 'all', lowMemory = false, overrides = {} }: Setup = {},
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
  await using pool = createSessionPool({ keep, threads: 2, cacheDir: null })
  const source = await decodeImage(await goldenImage(image), image)
  const fitted = fitImage(source, parameters.width, parameters.height, parameters.fit)
  const clip = await renderClip({ source, fitted }, parameters, {
    checkpoint,
    pool,
    targets: (await openDevice({ provider: 'cpu' })).targets(checkpoint.vae.config),
    lowMemory,
    precision: precision === 'fp16' ? 'fp16' : 'fp32',
    onProgress: () => {},
    signal: new AbortController().signal,
  })
  return { latents: clip.latents, frames: Buffer.concat(await takeRgbFrames(clip)) }
}

/** At most 1 of 255 anywhere, at most 0.01 of 255 on average. */
const expectSameFrames = (actual: Uint8Array, golden: GoldenTensor<Uint8Array>): void => {
  expect(actual.length).toBe(golden.data.length)
  const { maxAbsolute, meanAbsolute } = differenceOf(actual, golden.data)
  expect(maxAbsolute).toBeLessThanOrEqual(1)
  expect(meanAbsolute).toBeLessThanOrEqual(0.01)
}

describe('the frames of diffusers', () => {
  test.each([
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
  ])('%s', async (name) => {
    const golden = await readGolden(`pipeline-${name}`)
    const { latents, frames } = await renderGolden(golden)
    const expected = golden.tensor('latents')
    expectClose({ ...latents, shape: expected.shape }, expected, { relativeToScale: 1e-4 })
    expectSameFrames(frames, golden.tensor<Uint8Array>('frames'))
  })
})

describe('memory modes', () => {
  let golden: Golden
  beforeAll(async () => {
    golden = await readGolden('pipeline-default-ramp')
  })

  test('one network at a time gives the same bytes as all in memory', async () => {
    const [together, offloaded] = [await renderGolden(golden), await renderGolden(golden, { keep: 'one' })]
    expect(offloaded.frames.equals(together.frames)).toBe(true)
  })

  test('passes one after the other and feed-forward in pieces give the frames of diffusers', async () => {
    const { frames } = await renderGolden(golden, { keep: 'one', lowMemory: true })
    expectSameFrames(frames, golden.tensor<Uint8Array>('frames'))
  })
})

test('another seed gives another clip', async () => {
  const golden = await readGolden('pipeline-default-ramp')
  const { frames } = await renderGolden(golden, { overrides: { seed: 1 } })
  expect(differenceOf(frames, golden.tensor<Uint8Array>('frames').data).meanAbsolute).toBeGreaterThan(1)
})
