import { z } from 'zod'
import { acceptFields, field, only, readFields } from './config-fields.ts'

const component = (library: string, ...names: readonly [string, ...string[]]) => {
  const accepted = names.map((name) => JSON.stringify([library, name])).join(' or ')
  return field(z.tuple([z.literal(library), z.literal([...names])]), accepted)
}

const FIELDS = {
  _class_name: only('StableVideoDiffusionPipeline', undefined),
  unet: component('diffusers', 'UNetSpatioTemporalConditionModel'),
  vae: component('diffusers', 'AutoencoderKLTemporalDecoder'),
  image_encoder: component('transformers', 'CLIPVisionModelWithProjection'),
  scheduler: component('diffusers', 'EulerDiscreteScheduler'),
  feature_extractor: component(
    'transformers',
    'CLIPImageProcessor',
    'CLIPImageProcessorFast',
    'CLIPImageProcessorPil',
    'CLIPFeatureExtractor',
  ),
} as const

/** Checks that `model_index.json` describes a Stable Video Diffusion pipeline of classes implemented here. */
export const assertModelIndex = (json: unknown, file = 'model_index.json'): void => {
  acceptFields(file, readFields(file, json, FIELDS))
}
