import type { UNetConfig } from '../../checkpoint/unet-config.ts'
import { sinusoidalEmbedding } from '../float32/sinusoidal-embedding.ts'
import type { Value } from '../graph/value.ts'
import { contextProjection } from '../layers/context.ts'
import { into, type Scope } from '../layers/scope.ts'
import type { TimeShifts } from '../layers/spatio-temporal-res-block.ts'
import { timeShift } from '../layers/time-shift.ts'
import { timestepEmbedding } from '../layers/timestep-embedding.ts'
import type { TransformerConditioning } from '../layers/transformer-spatio-temporal.ts'
import type { Tokens } from '../targets/target.ts'
import {
  timeEmbedDimOf,
  type UNetAttention,
  type UNetResnet,
  unetAttentions,
  unetResnets,
} from './unet-blocks.ts'

/*
 * Inputs of the UNet's layers beside the feature maps, and how often they change:
 *
 *     with the frames   positions of the frames        constants of the step's graph
 *     with the image    contexts: attn2 of each block  `conditioning`, once a clip
 *     with the step     shifts of every ResNet         `time_shifts`, once a clip for all steps
 *
 * Between graphs, the rows of all layers travel side by side in one tensor of each kind.
 */

/** Inputs of the UNet's layers, by a layer's path in the checkpoint. */
export interface UNetConditioning {
  transformer(path: string): TransformerConditioning
  shifts(path: string): TimeShifts
}

export interface ConditioningSizes {
  readonly clips: number
  readonly frames: number
}

/** Rows [n, C] of layers, in the order of `unetAttentions` (a row per layer) or `unetResnets`. */
interface LayerRows {
  readonly spatial: readonly Tokens[]
  readonly temporal: readonly Tokens[]
}

export const CONTEXT_INPUTS = { spatial: 'spatial_contexts', temporal: 'temporal_contexts' } as const
export const SHIFT_INPUTS = { spatial: 'spatial_shifts', temporal: 'temporal_shifts' } as const
const SIDES = ['spatial', 'temporal'] as const
type Side = (typeof SIDES)[number]

/** The context [clips, D] through attn2 of every block. */
export const recordContexts = (scope: Scope, config: UNetConfig, context: Tokens): LayerRows => {
  const rows = (blocks: string): readonly Tokens[] =>
    unetAttentions(config).flatMap(({ path, layers, ...attention }) =>
      Array.from({ length: layers }, (_, layer) =>
        contextProjection(into(scope, path, blocks, layer, 'attn2'), attention)(context),
      ),
    )
  return { spatial: rows('transformer_blocks'), temporal: rows('temporal_transformer_blocks') }
}

/** silu(time embedding) [n, 4·C₀] through time_emb_proj of every ResNet. */
export const recordShifts = (scope: Scope, config: UNetConfig, activatedTime: Tokens): LayerRows => {
  const timeEmbedDim = timeEmbedDimOf(config)
  const rows = (kind: string): readonly Tokens[] =>
    unetResnets(config).map(({ path, channels }) =>
      timeShift(into(scope, path, kind), { timeEmbedDim, channels })(activatedTime),
    )
  return { spatial: rows('spatial_res_block'), temporal: rows('temporal_res_block') }
}

/** Makes an output of each side: the rows of all layers, side by side. */
export const outputRows = (
  { g, target }: Scope,
  names: Readonly<Record<Side, string>>,
  rows: LayerRows,
): void => {
  for (const side of SIDES) g.output(names[side], target.packTokens(g, rows[side]))
}

/** Rows that `outputRows` of another graph made. The spatial ones are added per image, the temporal ones per clip. */
const inputRows = (
  { g, target }: Scope,
  names: Readonly<Record<Side, string>>,
  widths: readonly number[],
  { count, repeats }: { readonly count: number; readonly repeats: Readonly<Record<Side, number>> },
): LayerRows => {
  const total = widths.reduce((sum, width) => sum + width, 0)
  const rows = (side: Side): readonly Tokens[] =>
    target.unpackTokens(g, g.input(names[side], [count, total]), widths, repeats[side])
  return { spatial: rows('spatial'), temporal: rows('temporal') }
}

export const inputContexts = (
  scope: Scope,
  config: UNetConfig,
  { clips, frames }: ConditioningSizes,
): LayerRows => {
  const widths = unetAttentions(config).flatMap(({ channels, layers }) => Array(layers).fill(channels))
  // In temporal blocks the frames of a clip follow each other, and each gets its clip's row.
  return inputRows(scope, CONTEXT_INPUTS, widths, { count: clips, repeats: { spatial: 1, temporal: frames } })
}

export const inputShifts = (
  scope: Scope,
  config: UNetConfig,
  { clips, frames }: ConditioningSizes,
): LayerRows => {
  const widths = unetResnets(config).map(({ channels }) => channels)
  const repeats = { spatial: clips * frames, temporal: clips }
  return inputRows(scope, SHIFT_INPUTS, widths, { count: 1, repeats })
}

/** The positions of frames 0, 1, 2 … [frames, C]: constants. */
const framePositions = (scope: Scope, { path, channels }: UNetAttention, frames: number): Tokens => {
  const { g, target } = scope
  const numbers = g.inline(
    Float32Array.from({ length: frames }, (_, frame) => frame),
    [frames, 1],
  )
  const sizes = { inFeatures: channels, hidden: channels * 4, outFeatures: channels }
  const embed = timestepEmbedding(into(scope, path, 'time_pos_embed'), sizes)
  return embed(target.tokensFromMatrix(g, sinusoidalEmbedding(g, numbers, channels), 1))
}

/** Contexts and shifts by the layers they belong to, with the positions of the frames. */
export const recordConditioning = (
  scope: Scope,
  config: UNetConfig,
  { contexts, shifts, frames }: { contexts: LayerRows; shifts: LayerRows; frames: number },
): UNetConditioning => {
  let next = 0
  const transformers = new Map<string, TransformerConditioning>()
  for (const attention of unetAttentions(config)) {
    const end = next + attention.layers
    transformers.set(attention.path, {
      spatialContexts: contexts.spatial.slice(next, end),
      temporalContexts: contexts.temporal.slice(next, end),
      framePositions: framePositions(scope, attention, frames),
    })
    next = end
  }
  const resnets = new Map<string, TimeShifts>(
    unetResnets(config).map(({ path }: UNetResnet, index) => [
      path,
      { spatial: known(shifts.spatial[index], path), temporal: known(shifts.temporal[index], path) },
    ]),
  )
  return {
    transformer: (path) => known(transformers.get(path), path),
    shifts: (path) => known(resnets.get(path), path),
  }
}

const known = <T>(value: T | undefined, path: string): T => {
  if (value === undefined) throw new RangeError(`no conditioning for ${path}`)
  return value
}

/** Embedding of the added ids (fps − 1, motion bucket, noise strength): [n, 3] → [n, 4·C₀]. */
export const addedIdsEmbedding = (scope: Scope, config: UNetConfig, addedTimeIds: Value): Tokens => {
  const { g, target } = scope
  const embed = timestepEmbedding(into(scope, 'add_embedding'), {
    inFeatures: config.projectionClassEmbeddingsInputDim,
    hidden: timeEmbedDimOf(config),
    outFeatures: timeEmbedDimOf(config),
  })
  return embed(
    target.tokensFromMatrix(g, sinusoidalEmbedding(g, addedTimeIds, config.additionTimeEmbedDim), 1),
  )
}

/** The step's own part of the time embedding: timesteps [n, 1] → [n, 4·C₀]. */
export const stepEmbedding = (scope: Scope, config: UNetConfig, timesteps: Value): Tokens => {
  const { g, target } = scope
  const channels = config.blockOutChannels[0] ?? 0
  const embed = timestepEmbedding(into(scope, 'time_embedding'), {
    inFeatures: channels,
    hidden: timeEmbedDimOf(config),
    outFeatures: timeEmbedDimOf(config),
  })
  return embed(target.tokensFromMatrix(g, sinusoidalEmbedding(g, timesteps, channels), 1))
}

/** silu(embedding of the timesteps + embedding of the added ids), either of one row or of as many as the other. */
export const activatedTime = (
  scope: Scope,
  config: UNetConfig,
  { timesteps, addedTimeIds }: { readonly timesteps: Value; readonly addedTimeIds: Value },
): Tokens => {
  const { g, target } = scope
  const step = stepEmbedding(scope, config, timesteps)
  const added = addedIdsEmbedding(scope, config, addedTimeIds)
  return target.activate(g, target.add(g, step, added), 'silu')
}

/** FLOPs of one row of all time embeddings, which the reference runs for every pass of a step. */
export const timeEmbeddingFlops = (config: UNetConfig): number => {
  const dim = timeEmbedDimOf(config)
  const embeddings = (config.blockOutChannels[0] ?? 0) + config.projectionClassEmbeddingsInputDim + 2 * dim
  return 2 * dim * embeddings
}

/** FLOPs of one row of every ResNet's two projections of the time embedding. */
export const shiftFlops = (config: UNetConfig): number => {
  const dim = timeEmbedDimOf(config)
  return unetResnets(config).reduce((total, { channels }) => total + 2 * 2 * dim * channels, 0)
}
