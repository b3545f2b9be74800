import type { UNetConfig } from '../../checkpoint/unet-config.ts'
import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { contextProjection } from '../layers/context.ts'
import { into, type Scope } from '../layers/scope.ts'
import { sinusoidalEmbedding, timestepEmbedding } from '../layers/timestep-embedding.ts'
import type { Conditioning } from '../layers/transformer-spatio-temporal.ts'
import { reshape } from '../ops/shape.ts'
import { attentionCount, timeEmbedDimOf } from './unet.ts'
import { unetBlocks } from './unet-blocks.ts'

export interface ConditioningTensor {
  readonly name: string
  readonly shape: readonly number[]
}

export interface ConditioningSizes {
  readonly clips: number
  readonly frames: number
}

interface Recipe extends ConditioningTensor {
  /** Records the tensor from context [clips, D]; needs the UNet's weights. */
  record(scope: Scope, context: Value): Value
}

const CONTEXT = 'attn2'
const POSITIONS = 'time_pos_embed'

const recipes = (config: UNetConfig, { clips, frames }: ConditioningSizes): readonly Recipe[] => {
  const { down, mid, up } = unetBlocks(config)
  return [...down, mid, ...up].flatMap((block) =>
    Array.from({ length: attentionCount(block) }, (_, i) => i).flatMap((i) => {
      const { attention } = block
      if (attention === null) return []
      const { channels, layers } = attention
      const path = [...block.path, 'attentions', i]
      const positions: Recipe = {
        name: [...path, POSITIONS].join('.'),
        shape: [frames, channels],
        record(scope) {
          const numbers = scope.g.inline(
            Float32Array.from({ length: frames }, (_, frame) => frame),
            [frames, 1],
          )
          const embed = timestepEmbedding(into(scope, ...path, POSITIONS), {
            inFeatures: channels,
            hidden: channels * 4,
            outFeatures: channels,
          })
          return embed(sinusoidalEmbedding(scope, numbers, channels))
        },
      }
      const contexts = ['transformer_blocks', 'temporal_transformer_blocks'].flatMap((kind) =>
        Array.from({ length: layers }, (_, layer): Recipe => {
          const place = [...path, kind, layer, CONTEXT]
          return {
            name: place.join('.'),
            shape: [clips, channels],
            record: (scope, context) => contextProjection(into(scope, ...place), attention)(context),
          }
        }),
      )
      return [positions, ...contexts]
    }),
  )
}

/** Names and shapes of everything the attentions need that does not depend on the step. */
export const conditioningTensors = (
  config: UNetConfig,
  sizes: ConditioningSizes,
): readonly ConditioningTensor[] => recipes(config, sizes).map(({ name, shape }) => ({ name, shape }))

const lookup = (find: (name: string) => Value): Conditioning => ({
  context: (path) => find(path),
  framePositions: (path) => find(`${path}.${POSITIONS}`),
})

/** Conditioning computed in the same graph, from context [clips, D]. */
export const recordConditioning = (
  scope: Scope,
  config: UNetConfig,
  context: Value,
  sizes: ConditioningSizes,
): { readonly conditioning: Conditioning; readonly tensors: ReadonlyMap<string, Value> } => {
  const tensors = new Map(recipes(config, sizes).map(({ name, record }) => [name, record(scope, context)]))
  return { conditioning: fromMap(tensors), tensors }
}

/** Conditioning that another graph computed: declares it as inputs. */
export const declareConditioning = (g: Graph, config: UNetConfig, sizes: ConditioningSizes): Conditioning =>
  fromMap(new Map(conditioningTensors(config, sizes).map(({ name, shape }) => [name, g.input(name, shape)])))

const fromMap = (tensors: ReadonlyMap<string, Value>): Conditioning =>
  lookup((name) => {
    const value = tensors.get(name)
    if (value === undefined) throw new RangeError(`no conditioning tensor ${name}`)
    return value
  })

/** Embedding of the added ids (fps − 1, motion bucket, noise strength): [n, 3] → [n, 4·C₀]. */
export const addedIdsEmbedding = (scope: Scope, config: UNetConfig) => {
  const { g } = scope
  const ids = 3
  const dim = config.additionTimeEmbedDim
  const embed = timestepEmbedding(into(scope, 'add_embedding'), {
    inFeatures: config.projectionClassEmbeddingsInputDim,
    hidden: timeEmbedDimOf(config),
    outFeatures: timeEmbedDimOf(config),
  })
  return (addedTimeIds: Value): Value => {
    const rows = addedTimeIds.shape[0] ?? 0
    const flat = sinusoidalEmbedding(scope, reshape(g, addedTimeIds, [rows * ids, 1]), dim)
    return embed(reshape(g, flat, [rows, ids * dim]))
  }
}

/** The step's own part of the time embedding: timestep [n, 1] → [n, 4·C₀]. */
export const stepEmbedding = (scope: Scope, config: UNetConfig) => {
  const channels = config.blockOutChannels[0] ?? 0
  const embed = timestepEmbedding(into(scope, 'time_embedding'), {
    inFeatures: channels,
    hidden: timeEmbedDimOf(config),
    outFeatures: timeEmbedDimOf(config),
  })
  return (timestep: Value): Value => embed(sinusoidalEmbedding(scope, timestep, channels))
}
