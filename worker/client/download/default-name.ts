import type { JobStatus } from '../tracking/job-status.ts'
import { PARAMETER_NAMES, type ParameterName, varyingParameters } from '../tracking/parameter-differences.ts'
import { cutToBytes, fitForName } from './file-names.ts'
import { ID_DIGITS, type NameFields } from './name-fields.ts'

/** Most bytes of the name of the image, and of the parameters that follow it. */
const HEAD_BYTES = 100
const DIFFERENCES_BYTES = 90
/** Most bytes of one value, such as a list of sigmas. */
const VALUE_BYTES = 24

/**
 * Parameters by which clips of one image differ. They are compared image by image, because the size that a clip of another
 * image has says nothing.
 */
export const differencesIn = (
  jobs: readonly Pick<JobStatus, 'image' | 'parameters'>[],
): readonly ParameterName[] => {
  const names = new Set<ParameterName>()
  for (const same of Map.groupBy(jobs, ({ image }) => image.pixels_sha256).values())
    for (const name of varyingParameters(same.map(({ parameters }) => parameters))) names.add(name)
  return PARAMETER_NAMES.filter((name) => names.has(name))
}

const differenceText = (fields: NameFields, varying: readonly ParameterName[]): string => {
  const texts = varying.map((name) => {
    const value = fitForName(fields[name] ?? '').replaceAll(/[\s,]+/g, '_')
    return `-${name}-${cutToBytes(value, VALUE_BYTES)}`
  })
  return cutToBytes(texts.join(''), DIFFERENCES_BYTES)
}

/**
 * `cup-motion_bucket_id-60-7c12e969`: the id of the item, else the name of the image; what differs in the batch; and the
 * beginning of the job's id, by which no two clips have one name. Of several videos each gets its number too.
 */
export const defaultStem = (
  fields: NameFields,
  {
    varying,
    videos,
    idDigits = ID_DIGITS,
  }: {
    readonly varying: readonly ParameterName[]
    readonly videos: number
    readonly idDigits?: number
  },
): string => {
  const head = cutToBytes(fitForName(fields.item_id ?? fields.image ?? ''), HEAD_BYTES)
  const id = (fields.job_id ?? '').slice(0, idDigits)
  const number = videos === 1 ? '' : `-${fields.video}`
  return `${head}${differenceText(fields, varying)}-${id}${number}`
}
