import type { ClipGraphs } from '../../worker/compiler/compile.ts'
import type { Graph } from '../../worker/compiler/graph/graph.ts'

export type NamedGraphs = Readonly<Record<string, () => Graph>>

export const decoderName = (frames: number, output: 'float' | 'rgb'): string =>
  `VAE decoder of ${frames} ${frames === 1 ? 'frame' : 'frames'}${output === 'rgb' ? ', RGB' : ''}`

/** The decoder of so many frames at once, with both kinds of output. */
const decoders = (graphs: ClipGraphs, counts: readonly number[]): NamedGraphs =>
  Object.fromEntries(
    counts.flatMap((frames) =>
      (['float', 'rgb'] as const).map((output) => [
        decoderName(frames, output),
        () => graphs.vaeDecoder(frames, output),
      ]),
    ),
  )

/** Every graph of a clip with two passes a step, by name. `decodedFrames`: frames that are decoded at once. */
export const namedGraphs = (graphs: ClipGraphs, decodedFrames: readonly number[]): NamedGraphs => ({
  'image encoder': graphs.imageEncoder,
  'VAE encoder': graphs.vaeEncoder,
  'conditioning of one pass': () => graphs.conditioning(1),
  'conditioning of both passes': () => graphs.conditioning(2),
  'time shifts of 25 steps': () => graphs.timeShifts(25),
  'denoise step': graphs.denoiseStep,
  'prediction step': graphs.predictionStep,
  'guided Euler step': graphs.guidedEulerStep,
  'plain UNet of both passes': () => graphs.plainUnet(2),
  ...decoders(graphs, decodedFrames),
})
