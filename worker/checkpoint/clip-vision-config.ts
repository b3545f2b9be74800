import {
  acceptFields,
  oneOf,
  only,
  positiveNumber,
  readConfigFields,
  type Values,
  wholeNumber,
} from './config-fields.ts'
import type { Fault } from './faults.ts'

const ACTIVATIONS = ['gelu', 'quick_gelu'] as const

/** CLIPVisionModelWithProjection. */
export interface ClipVisionConfig {
  readonly hiddenSize: number
  readonly intermediateSize: number
  readonly projectionDim: number
  readonly numHiddenLayers: number
  readonly numAttentionHeads: number
  readonly numChannels: number
  /** Pixels a side. */
  readonly imageSize: number
  /** Pixels a side; rows and columns left over at the right and bottom are not seen. */
  readonly patchSize: number
  readonly hiddenAct: (typeof ACTIVATIONS)[number]
  readonly layerNormEps: number
}

/** Absent fields: the defaults of transformers 5.23.0 `CLIPVisionConfig`. */
const FIELDS = {
  model_type: only('clip_vision_model'),
  hidden_size: wholeNumber(768),
  intermediate_size: wholeNumber(3072),
  projection_dim: wholeNumber(512),
  num_hidden_layers: wholeNumber(12),
  num_attention_heads: wholeNumber(12),
  num_channels: only(3),
  image_size: wholeNumber(224),
  patch_size: wholeNumber(32),
  hidden_act: oneOf(ACTIVATIONS, 'quick_gelu'),
  layer_norm_eps: positiveNumber(1e-5),
} as const

/** Notes of transformers, training settings, and its general options that change no number of this network. */
const WITHOUT_EFFECT = [
  'architectures',
  'attention_dropout',
  'bad_words_ids',
  'chunk_size_feed_forward',
  'dropout',
  'dtype',
  'finetuning_task',
  'id2label',
  'initializer_factor',
  'initializer_range',
  'is_encoder_decoder',
  'label2id',
  'output_attentions',
  'output_hidden_states',
  'problem_type',
  'return_dict',
  'tie_word_embeddings',
  'torch_dtype',
  'torchscript',
  'transformers_version',
  'use_bfloat16',
]

const ruleFaults = (values: Partial<Values<typeof FIELDS>>): Fault[] => {
  const faults: Fault[] = []
  const { hidden_size: width, num_attention_heads: heads, image_size: image, patch_size: patch } = values
  if (width !== undefined && heads !== undefined && width % heads !== 0) {
    faults.push({
      field: 'num_attention_heads',
      message: `is ${heads}, which does not divide hidden_size ${width}`,
    })
  }
  if (image !== undefined && patch !== undefined && patch > image) {
    faults.push({ field: 'patch_size', message: `is ${patch}; must be at most image_size ${image}` })
  }
  return faults
}

/** Parses `image_encoder/config.json`. Throws InvalidInputError that tells all its faults. */
export const parseClipVisionConfig = (
  json: unknown,
  file = 'image_encoder/config.json',
): ClipVisionConfig => {
  const { values, faults } = readConfigFields(file, json, FIELDS, WITHOUT_EFFECT)
  const fields = acceptFields(file, { values, faults: [...faults, ...ruleFaults(values)] })
  return {
    hiddenSize: fields.hidden_size,
    intermediateSize: fields.intermediate_size,
    projectionDim: fields.projection_dim,
    numHiddenLayers: fields.num_hidden_layers,
    numAttentionHeads: fields.num_attention_heads,
    numChannels: fields.num_channels,
    imageSize: fields.image_size,
    patchSize: fields.patch_size,
    hiddenAct: fields.hidden_act,
    layerNormEps: fields.layer_norm_eps,
  }
}
