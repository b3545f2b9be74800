import { z } from 'zod'
import { acceptFields, field, oneOf, readConfigFields } from './config-fields.ts'
import { throwFaults } from './faults.ts'

const component = (library: string, ...names: readonly [string, ...string[]]) => {
  const accepted = names.map((name) => JSON.stringify([library, name])).join(' or ')
  return field(z.tuple([z.literal(library), z.literal([...names])]), accepted)
}

const FIELDS = {
  _class_name: oneOf(['StableVideoDiffusionPipeline']),
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

/** Components that were left out when the pipeline was saved, such as `"safety_checker": [null, null]`. */
const absentComponents = (json: unknown): readonly string[] => {
  const absent = z.tuple([z.null(), z.null()])
  return Object.entries(json ?? {}).flatMap(([name, value]) =>
    absent.safeParse(value).success ? [name] : [],
  )
}

/** Checks that `model_index.json` describes a Stable Video Diffusion pipeline of classes implemented here. */
export const assertModelIndex = (json: unknown, file = 'model_index.json'): void => {
  const read = readConfigFields(file, json, FIELDS, absentComponents(json))
  // Of another pipeline every line would be wrong; its name says it all.
  const wrongPipeline = read.faults.filter(({ field }) => field === '_class_name')
  throwFaults(file, wrongPipeline)
  acceptFields(file, read)
}
