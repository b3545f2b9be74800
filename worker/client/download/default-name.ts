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

const headOf = (fields: NameFields): string =>
  cutToBytes(fitForName(fields.item_id ?? fields.image ?? ''), HEAD_BYTES)

const numberOf = (fields: NameFields, videos: number): string => (videos === 1 ? '' : `-${fields.video}`)

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
  const id = (fields.job_id ?? '').slice(0, idDigits)
  return `${headOf(fields)}${differenceText(fields, varying)}-${id}${numberOf(fields, videos)}`
}

/** Whether the video has the default name `stem` in some selection of clips. */
export const isDefaultStem = (stem: string, fields: NameFields, videos: number): boolean => {
  const [head, number, jobId] = [headOf(fields), numberOf(fields, videos), fields.job_id ?? '']
  if (!stem.startsWith(head) || !stem.endsWith(number)) return false
  const rest = stem.slice(head.length, stem.length - number.length)
  const idStart = rest.lastIndexOf('-') + 1
  const id = rest.slice(idStart)
  const differences = rest.slice(0, Math.max(0, idStart - 1))
  return (
    idStart > 0 &&
    id.length >= ID_DIGITS &&
    jobId.startsWith(id) &&
    (differences === '' || PARAMETER_NAMES.some((name) => differences.startsWith(`-${name}-`)))
  )
}
