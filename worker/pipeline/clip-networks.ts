import { type RenderParameters, usesGuidance } from '../../shared/contracts/render-parameters.ts'
import type { Checkpoint } from '../checkpoint/open-checkpoint.ts'
import { type ClipGraphs, type CompileClip, clipCompiler } from '../compiler/compile.ts'
import type { Graph } from '../compiler/graph/graph.ts'
import type { Targets } from '../compiler/targets/target.ts'
import type { Session } from '../engine/session.ts'
import type { SessionPool } from '../engine/session-pool.ts'
import {
  type ByteTensor,
  byteOutput,
  float32Output,
  float32Outputs,
  type Outputs,
  type Tensor,
} from '../engine/tensor.ts'

export type Tensors = Readonly<Record<string, Tensor>>

/** A decoded chunk, ready to write. */
export interface RgbChunk {
  /** [frames, H, W, 3] */
  readonly rgb: ByteTensor
  /** [frames]: count of each frame's values that are NaN or infinite. */
  readonly nonFiniteValues: Tensor
}

export interface ChunkDecoder {
  /** Frames as float32, for chunks that are blended before they are rounded. */
  decode(frames: number, inputs: Tensors): Promise<Tensors>
  decodeRgb(frames: number, inputs: Tensors): Promise<RgbChunk>
}

/** The networks of one clip size, each run by name. Sessions come from the pool and stay as long as it keeps them. */
export interface ClipNetworks extends ChunkDecoder {
  encodeImage(inputs: Tensors): Promise<Tensors>
  encodeVae(inputs: Tensors): Promise<Tensors>
  condition(clips: 1 | 2, inputs: Tensors): Promise<Tensors>
  /** Computes the time shifts of as many steps as there are timesteps. */
  shiftTime(steps: number, inputs: Tensors): Promise<Tensors>
  denoiseStep(inputs: Tensors): Promise<Tensors>
  predict(inputs: Tensors): Promise<Tensors>
  guidedEulerStep(inputs: Tensors): Promise<Tensors>
  /**
   * The decoder in float32, for chunks whose numbers overflow in float16; `null` where the decoder is float32. It is
   * opened at its first use, after all other networks are closed, because it takes two to three times the memory.
   */
  readonly exactDecoder: ChunkDecoder | null
}

/** The graph of that decoder. Its name differs from that of the other one, whose inputs have the same shapes. */
export const exactDecoderGraph = (graph: Graph): Graph => ({ ...graph, name: `${graph.name}_float32` })

export interface ClipNetworkOptions {
  readonly checkpoint: Checkpoint
  /** Compiler of the checkpoint; by default, a new one. */
  readonly compile?: CompileClip
  readonly pool: SessionPool
  readonly targets: Targets
  /** Targets of the float32 decoder; `null` where `targets` are float32. */
  readonly exactTargets: Targets | null
  readonly feedForwardChunks: number
  /** Time spent recording graphs and making sessions is added here. */
  readonly onLoaded: (seconds: number) => void
  /** Called before each run that is its session's first, which takes longer than the later ones; default: nothing. */
  readonly onFirstRun?: () => void
}

type NetworkPrecision = 'as-asked' | 'exact'

interface RunOptions {
  readonly precision?: NetworkPrecision
  /** Whether other networks stay open. */
  readonly beside?: boolean
}

/** Checkpoints whose tensors are all there and of the right shape, which no size of a clip changes. */
const checked = new WeakSet<Checkpoint>()

/** Sessions that have run successfully. After a failed run, a session may have to plan its convolutions again. */
const warmedUp = new WeakSet<Session>()

const secondsSince = (start: number): number => (performance.now() - start) / 1000

export const openClipNetworks = async (
  parameters: RenderParameters,
  {
    checkpoint,
    compile = clipCompiler(checkpoint),
    pool,
    targets,
    exactTargets,
    feedForwardChunks,
    onLoaded,
    onFirstRun = () => {},
  }: ClipNetworkOptions,
): Promise<ClipNetworks> => {
  const { width, height, numFrames } = parameters
  const guidance = usesGuidance(parameters)
  const started = performance.now()
  const compileFor = (of: Targets): ClipGraphs =>
    compile({ width, height, numFrames, guidance, targets: of, feedForwardChunks })
  const graphs = compileFor(targets)
  if (!checked.has(checkpoint)) graphs.checkWeights()
  checked.add(checkpoint)
  onLoaded(secondsSince(started))

  const size = `${checkpoint.dir}|${checkpoint.variant}|${targets.name}|${width}x${height}x${numFrames}|${guidance}|${feedForwardChunks}`
  // Sessions of another size or checkpoint are of no use to this clip, and would only take memory.
  await pool.retain((key) => key.startsWith(`${size}|`))

  const runAny = async (
    name: string,
    record: () => Graph,
    inputs: Tensors,
    { precision = 'as-asked', beside = false }: RunOptions = {},
  ): Promise<Outputs> => {
    const opening = performance.now()
    const own = `${size}|${precision}|`
    // Networks of the two precisions are never in memory together.
    await pool.retain((key) => key.startsWith(own))
    const session = await pool.session(`${own}${name}`, record, { beside })
    onLoaded(secondsSince(opening))
    if (!warmedUp.has(session)) onFirstRun()
    const outputs = await session.run(inputs)
    warmedUp.add(session)
    return outputs
  }
  const run = async (
    name: string,
    record: () => Graph,
    inputs: Tensors,
    options?: RunOptions,
  ): Promise<Tensors> => float32Outputs(await runAny(name, record, inputs, options))

  type RecordDecoder = ClipGraphs['vaeDecoder']
  const decoderOf = (recordDecoder: RecordDecoder, precision: NetworkPrecision): ChunkDecoder => ({
    async decode(frames, inputs) {
      const record = (): Graph => recordDecoder(frames)
      return float32Outputs(await runAny(`vae_decoder-${frames}`, record, inputs, { precision }))
    },
    async decodeRgb(frames, inputs) {
      const record = (): Graph => recordDecoder(frames, 'rgb')
      const outputs = await runAny(`vae_decoder_rgb-${frames}`, record, inputs, { precision })
      return {
        rgb: byteOutput(outputs, 'rgb'),
        nonFiniteValues: float32Output(outputs, 'non_finite_values'),
      }
    },
  })

  return {
    encodeImage: (inputs) => run('image_encoder', graphs.imageEncoder, inputs),
    encodeVae: (inputs) => run('vae_encoder', graphs.vaeEncoder, inputs),
    condition: (clips, inputs) => run(`conditioning-${clips}`, () => graphs.conditioning(clips), inputs),
    shiftTime: (steps, inputs) => run(`time_shifts-${steps}`, () => graphs.timeShifts(steps), inputs),
    denoiseStep: (inputs) => run('denoise_step', graphs.denoiseStep, inputs),
    predict: (inputs) => run('prediction_step', graphs.predictionStep, inputs),
    // It takes turns with the two passes, which would be read and planned anew at every step.
    guidedEulerStep: (inputs) => run('guided_euler_step', graphs.guidedEulerStep, inputs, { beside: true }),
    ...decoderOf(graphs.vaeDecoder, 'as-asked'),
    exactDecoder:
      exactTargets === null
        ? null
        : decoderOf((...which) => exactDecoderGraph(compileFor(exactTargets).vaeDecoder(...which)), 'exact'),
  }
}
