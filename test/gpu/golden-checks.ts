import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { parseRenderArguments } from '../../shared/contracts/render-arguments.ts'
import { resolveParameters } from '../../shared/contracts/render-parameters.ts'
import { decodeImage } from '../../shared/image/decode-image.ts'
import { type Checkpoint, openCheckpoint } from '../../worker/checkpoint/open-checkpoint.ts'
import { type ClipGraphs, compileClip, vaeScaleFactor } from '../../worker/compiler/compile.ts'
import type { Graph } from '../../worker/compiler/graph/graph.ts'
import { cudaTargets, type Precision } from '../../worker/compiler/targets/clip-targets.ts'
import type { Targets } from '../../worker/compiler/targets/target.ts'
import type { SessionOptions } from '../../worker/engine/session.ts'
import { createSessionPool, type OpenSession } from '../../worker/engine/session-pool.ts'
import { float32Output, type Tensor } from '../../worker/engine/tensor.ts'
import { fitImage } from '../../worker/pipeline/image/fit.ts'
import { renderClip } from '../../worker/pipeline/render-clip.ts'
import { differenceOf, relativeRmsOf } from '../fixtures/difference.ts'
import { type Golden, readGolden } from '../fixtures/golden.ts'
import { drawInput } from '../fixtures/golden-input.ts'
import { MAXIMUM_ALLOWANCE, readHalfClipError, readHalfError, rmsAllowance } from '../fixtures/half-errors.ts'
import { halfExcess } from '../fixtures/half-excesses.ts'
import {
  type CheckpointName,
  readCheckpointSpec,
  writeRandomCheckpoint,
} from '../fixtures/random-checkpoint.ts'

/** One output beside its golden. */
export const goldenRowSchema = z.object({
  type: z.literal('golden'),
  golden: z.string(),
  output: z.string(),
  precision: z.enum(['fp16', 'fp32']),
  /** `relative`: root mean square and largest error, as shares. `of 255`: mean and largest error of bytes. */
  measure: z.enum(['relative', 'of 255']),
  typical: z.number().nullable(),
  typicalBudget: z.number().nullable(),
  largest: z.number().nullable(),
  largestBudget: z.number().nullable(),
  ok: z.boolean(),
})
export type GoldenRow = z.infer<typeof goldenRowSchema>

export const NETWORK_GOLDENS: Readonly<
  Record<string, { readonly checkpoint: CheckpointName; readonly variant?: 'fp16' }>
> = {
  'networks-tiny': { checkpoint: 'tiny' },
  'networks-tiny-fp16': { checkpoint: 'tiny', variant: 'fp16' },
  'networks-four-level': { checkpoint: 'four-level' },
  'networks-mid-attn-3': { checkpoint: 'mid-attn-3' },
}

export const PIPELINE_GOLDENS: readonly string[] = [
  ...['default-ramp', 'half-noise', 'three-level', 'two-videos', 'four-level-odd', 'four-level-portrait'],
  ...['chunked-decode', 'chunk-of-one', 'one-frame', 'one-frame-guided', 'no-guidance', 'falling-guidance'],
  ...['low-start-guidance', 'custom-sigmas', 'align-your-steps', 'portrait', 'jpeg-exif', 'transparent'],
  ...['no-noise', 'strong-noise', 'conditions', 'long-seed', 'fp16-variant'],
].map((name) => `pipeline-${name}`)

export interface GoldenSetup {
  readonly precision: Precision
  /** The card's; its graphs run. */
  readonly computeCapability: number
  readonly open: OpenSession
  readonly sessionOptions: SessionOptions
  /** Whether results have values; over the stand-in they have shapes alone. */
  readonly values: boolean
  /** Checkpoints are written there. */
  readonly folder: string
}

const targetsOf = ({ precision, computeCapability }: GoldenSetup, { vae }: Checkpoint): Targets =>
  cudaTargets({ precision, computeCapability, ...vae.config })

type Judged = Pick<GoldenRow, 'measure' | 'typical' | 'typicalBudget' | 'largest' | 'largestBudget'>

const isWithin = ({ typical, typicalBudget, largest, largestBudget }: Judged): boolean =>
  [
    [typical, typicalBudget],
    [largest, largestBudget],
  ].every(([error, budget]) => budget == null || (error != null && error <= budget))

const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis])

interface Compared {
  readonly golden: string
  readonly output: string
  readonly actual: Tensor<Float32Array | Uint8Array>
  readonly expected: Tensor<Float32Array | Uint8Array>
}

const rowOf = (
  { golden, output, actual, expected }: Compared,
  { precision, values }: GoldenSetup,
  judge: () => Judged,
): GoldenRow => {
  const row = { type: 'golden', golden, output, precision } as const
  const unknown = { typical: null, typicalBudget: null, largest: null, largestBudget: null }
  const fits = sameShape(actual.shape, expected.shape) && actual.data.length === expected.data.length
  const measure = actual.data instanceof Uint8Array ? 'of 255' : 'relative'
  if (!values || !fits) return { ...row, measure, ...unknown, ok: fits }
  const judged = judge()
  return { ...row, ...judged, ok: isWithin(judged) }
}

interface Budget {
  readonly typical: number | null
  readonly largest: number
}

const compareTensors = (compared: Compared, budget: Budget, setup: GoldenSetup): GoldenRow =>
  rowOf(compared, setup, () => {
    const [actual, expected] = [compared.actual.data, compared.expected.data]
    const { maxAbsolute, scale } = differenceOf(actual, expected)
    return {
      measure: 'relative',
      typical: relativeRmsOf(actual, expected),
      typicalBudget: budget.typical,
      largest: maxAbsolute / scale,
      largestBudget: budget.largest,
    }
  })

const compareFrames = (compared: Compared, budget: Budget, setup: GoldenSetup): GoldenRow =>
  rowOf(compared, setup, () => {
    const { maxAbsolute, meanAbsolute } = differenceOf(compared.actual.data, compared.expected.data)
    return {
      measure: 'of 255',
      typical: meanAbsolute,
      typicalBudget: budget.typical,
      largest: maxAbsolute,
      largestBudget: budget.largest,
    }
  })

/** A checkpoint is written once, and later calls read it. */
const openRandomCheckpoint = async (
  name: CheckpointName,
  variant: 'fp16' | undefined,
  folder: string,
): Promise<Checkpoint> => {
  const dir = path.join(folder, variant === undefined ? name : `${name}-${variant}`)
  if ((await mkdir(dir, { recursive: true })) !== undefined) {
    await writeRandomCheckpoint(dir, await readCheckpointSpec(name), variant === undefined ? {} : { variant })
  }
  return await openCheckpoint(dir, variant === undefined ? {} : { variant })
}

const halfBudget = async (golden: string, key: string, count: number): Promise<Budget> => {
  const { relativeRms, relativeToScale } = await readHalfError(golden, key)
  const excess = halfExcess(golden, key)
  return {
    typical: (excess?.rms ?? rmsAllowance(count)) * relativeRms,
    largest: (excess?.largest ?? MAXIMUM_ALLOWANCE) * relativeToScale,
  }
}

const networkBudget = async (
  golden: Golden,
  goldenName: string,
  key: string,
  { precision }: GoldenSetup,
): Promise<Budget> => {
  if (precision === 'fp16') return await halfBudget(goldenName, key, golden.tensor(key).data.length)
  const { relativeToScale } = JSON.parse(golden.metadata['tolerance'] ?? '') as { relativeToScale: number }
  return { typical: null, largest: relativeToScale }
}

interface Call {
  readonly timestep: number
  readonly added_time_ids: readonly number[]
}

/** A network's run by the golden's inputs, by the key of its output. */
interface NetworkRun {
  readonly key: string
  run(): Promise<Tensor>
}

const networkRuns = (golden: Golden, checkpoint: Checkpoint, setup: GoldenSetup): readonly NetworkRun[] => {
  const scale = vaeScaleFactor(checkpoint.vae.config)
  const targets = targetsOf(setup, checkpoint)
  const graphsOf = (width: number, height: number, numFrames: number): ClipGraphs =>
    compileClip(checkpoint, { width, height, numFrames, guidance: true, targets, feedForwardChunks: 1 })
  const runOnce = async (graph: Graph, output: string, inputs: Readonly<Record<string, Tensor>>) => {
    await using session = await setup.open(graph, setup.sessionOptions)
    return float32Output(await session.run(inputs), output)
  }
  const calls = Object.entries(JSON.parse(golden.metadata['calls'] ?? '') as Record<string, Call>)

  const encodeImages = async (): Promise<Tensor> => {
    const pixels = drawInput(golden, 'clip.pixel_values')
    const graph = graphsOf(64, 64, 1).imageEncoder()
    const perImage = pixels.data.length / 2
    await using session = await setup.open(graph, setup.sessionOptions)
    const rows: number[] = []
    for (const image of [0, 1]) {
      const data = pixels.data.slice(image * perImage, (image + 1) * perImage)
      const outputs = await session.run({ pixel_values: { data, shape: [1, 3, 224, 224] } })
      rows.push(...float32Output(outputs, 'image_embeds').data)
    }
    return { data: Float32Array.from(rows), shape: [2, rows.length / 2] }
  }
  const encodeVae = async (): Promise<Tensor> => {
    const image = drawInput(golden, 'vae.encode.image')
    const [, , height = 0, width = 0] = image.shape
    return await runOnce(graphsOf(width, height, 1).vaeEncoder(), 'image_latents', { image })
  }
  const decode = async (frames: number): Promise<Tensor> => {
    const unscaled = drawInput(golden, `vae.decode.${frames}.latents`)
    const [, , height = 0, width = 0] = unscaled.shape
    const latents = { ...unscaled, data: unscaled.data.map((x) => x * checkpoint.vae.config.scalingFactor) }
    const graph = graphsOf(width * scale, height * scale, frames).vaeDecoder(frames)
    return await runOnce(graph, 'frames', { latents })
  }
  const predict = async (call: string, { timestep, added_time_ids }: Call): Promise<Tensor> => {
    const sample = drawInput(golden, `${call}.sample`)
    const [clips = 0, numFrames = 0, , height = 0, width = 0] = sample.shape
    const ids = Array.from({ length: clips }, () => added_time_ids).flat()
    const graph = graphsOf(width * scale, height * scale, numFrames).plainUnet(clips)
    return await runOnce(graph, 'out_sample', {
      sample,
      timestep: { data: Float32Array.of(timestep), shape: [1] },
      encoder_hidden_states: drawInput(golden, `${call}.encoder_hidden_states`),
      added_time_ids: { data: Float32Array.from(ids), shape: [clips, 3] },
    })
  }
  return [
    { key: 'clip.image_embeds', run: encodeImages },
    { key: 'vae.encode.mode', run: encodeVae },
    ...[1, 2, 5].map((frames) => ({ key: `vae.decode.${frames}.sample`, run: () => decode(frames) })),
    ...calls
      .filter(([call]) => call.startsWith('unet.'))
      .map(([call, given]) => ({ key: `${call}.output`, run: () => predict(call, given) })),
  ]
}

/** Runs every network of a golden as the product opens it, and compares what it gives. */
export async function* checkNetworks(goldenName: string, setup: GoldenSetup): AsyncGenerator<GoldenRow> {
  const { checkpoint: name, variant } = NETWORK_GOLDENS[goldenName] ?? {}
  if (name === undefined) throw new Error(`${goldenName} is not a golden of networks`)
  const golden = await readGolden(goldenName)
  const checkpoint = await openRandomCheckpoint(name, variant, setup.folder)
  for (const { key, run } of networkRuns(golden, checkpoint, setup)) {
    const budget = await networkBudget(golden, goldenName, key, setup)
    const compared = { golden: goldenName, output: key, actual: await run(), expected: golden.tensor(key) }
    yield compareTensors(compared, budget, setup)
  }
}

const goldenImage = (name: string): Promise<Buffer> =>
  readFile(fileURLToPath(new URL(`../goldens/images/${name}`, import.meta.url)))

const pipelineBudgets = async (
  golden: Golden,
  goldenName: string,
  { precision }: GoldenSetup,
): Promise<{ readonly latents: Budget; readonly frames: Budget }> => {
  if (precision === 'fp32') {
    const { latents, frames } = JSON.parse(golden.metadata['tolerance'] ?? '') as {
      readonly latents: { readonly relativeToScale: number }
      readonly frames: { readonly maxOf255: number; readonly meanOf255: number }
    }
    return {
      latents: { typical: null, largest: latents.relativeToScale },
      frames: { typical: frames.meanOf255, largest: frames.maxOf255 },
    }
  }
  const errors = await readHalfClipError(goldenName)
  return {
    latents: await halfBudget(goldenName, 'latents', golden.tensor('latents').data.length),
    frames: {
      typical: MAXIMUM_ALLOWANCE * errors.frames.meanOf255,
      largest: MAXIMUM_ALLOWANCE * errors.frames.maxOf255,
    },
  }
}

/**
 * Renders a golden's clip by the product's pipeline, and compares latents and frames. In float16 the networks alone are
 * float16: the clip begins at the golden's own latents.
 */
export async function* checkPipeline(goldenName: string, setup: GoldenSetup): AsyncGenerator<GoldenRow> {
  const golden = await readGolden(goldenName)
  const { checkpoint: name = '', variant = '', image = '', arguments: given = '{}' } = golden.metadata
  const checkpoint = await openRandomCheckpoint(
    name as CheckpointName,
    variant === 'fp16' ? variant : undefined,
    setup.folder,
  )
  const parameters = resolveParameters(parseRenderArguments(JSON.parse(given)), checkpoint.defaults, {
    vaeScaleFactor: vaeScaleFactor(checkpoint.vae.config),
  })
  const source = await decodeImage(await goldenImage(image), image)
  const { width, height, fit } = parameters
  await using pool = createSessionPool({ ...setup.sessionOptions, keep: 'all' }, setup.open)
  const clip = await renderClip({ source, fitted: fitImage(source, width, height, fit) }, parameters, {
    ...{ checkpoint, pool, lowMemory: false, onProgress: () => {} },
    targets: targetsOf(setup, checkpoint),
    precision: golden.metadata['precision'] === 'fp16' ? 'fp16' : 'fp32',
    signal: new AbortController().signal,
  })
  const frames: Uint8Array[] = []
  for await (const { bytes } of clip.frames()) frames.push(bytes)

  const budgets = await pipelineBudgets(golden, goldenName, setup)
  const latents = golden.tensor('latents')
  const expectedFrames = golden.tensor<Uint8Array>('frames')
  const data = Buffer.concat(frames)
  const compared = { golden: goldenName }
  yield compareTensors(
    { ...compared, output: 'latents', actual: { ...clip.latents, shape: latents.shape }, expected: latents },
    budgets.latents,
    setup,
  )
  yield compareFrames(
    {
      ...compared,
      output: 'frames',
      actual: { data, shape: expectedFrames.shape },
      expected: expectedFrames,
    },
    budgets.frames,
    setup,
  )
}
