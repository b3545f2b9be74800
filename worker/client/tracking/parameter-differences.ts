import { isDeepStrictEqual } from 'node:util'
import {
  type AnyParameters,
  type CompleteParameters,
  completeParameters,
  type ParametersDocument,
  parametersDocumentSchema,
} from '../../../shared/contracts/parameters-document.ts'

export type ParameterName = keyof ParametersDocument

/** Names in the order in which users look for them. */
const FIRST_NAMES: readonly ParameterName[] = [
  'width',
  'height',
  'num_frames',
  'fps',
  'num_inference_steps',
  'motion_bucket_id',
  'seed',
  'noise_aug_strength',
  'min_guidance_scale',
  'max_guidance_scale',
  'sigmas',
  'fit',
  'decode_chunk_size',
  'decode_overlap',
  'format',
  'crf',
  'loop',
  'num_videos_per_prompt',
]

/** Names of all parameters, in the order in which users look for them; those without a rank of their own come last. */
export const PARAMETER_NAMES: readonly ParameterName[] = [
  ...new Set([...FIRST_NAMES, ...parametersDocumentSchema.keyof().options]),
]

/** Parameters that a job is compared with; one that is missing is compared with nothing. */
export type UsualParameters = Partial<CompleteParameters>

/** A parameter's value, also where the document leaves it out because it is the default. */
const parameterValue = <Name extends ParameterName>(
  name: Name,
  parameters: AnyParameters,
): CompleteParameters[Name] => completeParameters(parameters)[name]

/** The value, as JSON, of more than half of the jobs; `undefined` if there is none. */
const majority = (values: readonly string[]): string | undefined => {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].find(([, count]) => count * 2 > values.length)?.[0]
}

/** Parameters that most of these jobs have, for use where the checkpoint's defaults are not known. */
export const usualOf = (jobs: readonly ParametersDocument[]): UsualParameters =>
  Object.fromEntries(
    PARAMETER_NAMES.flatMap((name) => {
      const value = majority(jobs.map((job) => JSON.stringify(parameterValue(name, job))))
      return value === undefined ? [] : [[name, JSON.parse(value)]]
    }),
  )

export const differsFromUsual = (
  name: ParameterName,
  parameters: ParametersDocument,
  usual: UsualParameters,
): boolean => name in usual && !isDeepStrictEqual(parameterValue(name, parameters), usual[name])

/** Names of those that are not the same in all. */
export const varyingParameters = (jobs: readonly ParametersDocument[]): readonly ParameterName[] => {
  const [first] = jobs
  if (first === undefined) return []
  return PARAMETER_NAMES.filter((name) =>
    jobs.some((job) => !isDeepStrictEqual(parameterValue(name, job), parameterValue(name, first))),
  )
}

/** Meaning of `null`, by parameter. */
const NULL_TEXTS: Partial<Record<ParameterName, string>> = {
  sigmas: 'Karras',
  decode_chunk_size: 'all frames',
  crf: 'usual',
}

export const parameterText = (name: ParameterName, parameters: AnyParameters): string => {
  const value = parameterValue(name, parameters)
  if (value === null) return NULL_TEXTS[name] ?? 'none'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return Array.isArray(value) ? value.join(', ') : String(value)
}
