import { z } from 'zod'
import { acceptFields, field, oneOf, readConfigFields } from './config-fields.ts'

/** CLIPImageProcessor, of which the pipeline uses the normalisation alone. One number per channel: red, green, blue. */
export interface FeatureExtractorConfig {
  readonly imageMean: readonly [number, number, number]
  readonly imageStd: readonly [number, number, number]
}

const NAMES = [
  'CLIPImageProcessor',
  'CLIPImageProcessorFast',
  'CLIPImageProcessorPil',
  'CLIPFeatureExtractor',
] as const

/** Absent fields: the defaults of transformers 5.23.0 `CLIPImageProcessor`, which are OpenAI's CLIP statistics. */
const FIELDS = {
  image_processor_type: oneOf(NAMES, 'CLIPImageProcessor'),
  feature_extractor_type: oneOf(NAMES, 'CLIPFeatureExtractor'),
  image_mean: field(
    z.tuple([z.number(), z.number(), z.number()]),
    'a list of three numbers: red, green, blue',
    [0.48145466, 0.4578275, 0.40821073],
  ),
  image_std: field(
    z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]),
    'a list of three numbers above 0: red, green, blue',
    [0.26862954, 0.26130258, 0.27577711],
  ),
} as const

/**
 * The pipeline resizes on its own and calls the processor with do_normalize on and do_resize, do_center_crop and
 * do_rescale off, whatever the file says.
 */
const WITHOUT_EFFECT = [
  'crop_size',
  'data_format',
  'default_to_square',
  'device',
  'disable_grouping',
  'do_center_crop',
  'do_convert_rgb',
  'do_normalize',
  'do_pad',
  'do_rescale',
  'do_resize',
  'image_seq_length',
  'input_data_format',
  'pad_size',
  'processor_class',
  'resample',
  'rescale_factor',
  'return_tensors',
  'size',
]

/** Parses `feature_extractor/preprocessor_config.json`. Throws InvalidInputError that tells all its faults. */
export const parseFeatureExtractorConfig = (
  json: unknown,
  file = 'feature_extractor/preprocessor_config.json',
): FeatureExtractorConfig => {
  const fields = acceptFields(file, readConfigFields(file, json, FIELDS, WITHOUT_EFFECT))
  return { imageMean: fields.image_mean, imageStd: fields.image_std }
}
