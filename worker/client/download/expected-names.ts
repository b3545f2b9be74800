import { createHash } from 'node:crypto'
import { DEFAULT_FORMATS, normalizeCrf, normalizeFormats } from '../../../shared/contracts/clip-format.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { type CompleteParameters, encodeSeed } from '../../../shared/contracts/parameters-document.ts'
import { DEFAULT_FILE_PARAMETERS, DEFAULT_SEED } from '../../../shared/contracts/render-parameters.ts'
import { sameFileKey } from '../../../shared/files/same-file-key.ts'
import type { ExpectedClip } from '../submit/expected-clips.ts'
import { PARAMETER_NAMES, type ParameterName, parameterText } from '../tracking/parameter-differences.ts'
import { collision, type NamedVideoFile, nameFault } from './clip-names.ts'
import { type FieldName, ID_DIGITS, missingFieldText, type NameFields, requestFields } from './name-fields.ts'
import type { NameTemplate } from './name-template.ts'

/** Parameters that follow from the image where the upload does not give them, as a size of `auto` does. */
const OF_IMAGE: readonly ParameterName[] = ['width', 'height', 'fit']

/** Parameters that are known before ingest: those that the upload gives, and defaults that no checkpoint sets. */
const knownParameters = ({ given }: ExpectedClip): Partial<CompleteParameters> => {
  const { size, max_pixels: _, ...named } = given
  const [, width, height] = /^(\d+)x(\d+)$/.exec(size ?? '') ?? []
  const format = normalizeFormats(given.format ?? DEFAULT_FORMATS)
  return {
    ...named,
    ...(width !== undefined && { width: Number(width), height: Number(height) }),
    // A number of steps turns the checkpoint's own sigmas off, see `resolveParameters`.
    ...(given.sigmas === undefined && given.num_inference_steps !== undefined && { sigmas: null }),
    seed: encodeSeed(given.seed ?? DEFAULT_SEED),
    decode_overlap: given.decode_overlap ?? 0,
    format: [...format],
    crf: normalizeCrf(given.crf, format),
    loop: given.loop ?? DEFAULT_FILE_PARAMETERS.loop,
    metadata: given.metadata ?? DEFAULT_FILE_PARAMETERS.metadata,
  } as Partial<CompleteParameters>
}

/** A value that is given or fixed; `null` if the checkpoint or the image decides it. */
const knownText = (name: ParameterName, known: Partial<CompleteParameters>): string | null =>
  known[name] === undefined ? null : parameterText(name, known as CompleteParameters)

/** The same text for the same job, as far as can be known. */
const jobText = (clip: ExpectedClip): string => {
  const { size = null, max_pixels = null } = clip.given
  const known = knownParameters(clip)
  return JSON.stringify([
    clip.imageKey,
    // Sides that are given once as a size, and once as width and height, are the same.
    known.width === undefined || known.height === undefined ? size : null,
    max_pixels,
    PARAMETER_NAMES.map((name) => knownText(name, known)),
  ])
}

/** Fields of a clip; `unknown` gives the text of a field that is not known yet. */
const fieldsOf = (clip: ExpectedClip, video: number, unknown: (name: FieldName) => string): NameFields => {
  const known = knownParameters(clip)
  const parameters = PARAMETER_NAMES.map((name) => [name, knownText(name, known) ?? unknown(name)])
  return {
    ...(Object.fromEntries(parameters) as Record<ParameterName, string>),
    ...requestFields(clip),
    ...{ video: String(video), group: clip.group ?? unknown('group'), model: unknown('model') },
    ...{ id: unknown('id'), job_id: unknown('job_id') },
  }
}

/** As many characters as an unknown value has at least. */
const shortest = (name: FieldName): string =>
  '0'.repeat(name === 'job_id' ? 32 : name === 'id' ? ID_DIGITS : 1)

/** Text of what an unknown value depends on: equal only if the values are. */
const dependsOn = (clip: ExpectedClip, name: FieldName): string => {
  if (name === 'id' || name === 'job_id') return jobText(clip)
  if (name === 'group') return clip.uploadKey
  return (OF_IMAGE as readonly string[]).includes(name) ? clip.imageKey : ''
}

/** Stands for an unknown value where names are compared. Keys that differ only in case give two of them. */
const comparedBy = (clip: ExpectedClip, name: FieldName): string =>
  `{${name}${createHash('sha256').update(dependsOn(clip, name)).digest('hex')}}`

/**
 * Checks the names that a template gives to clips which are not uploaded yet. Throws InvalidInputError for a name that no
 * file can have, and for one that two clips have. Values that the checkpoint decides are taken to be equal in all clips
 * that do not give them, so a collision of a given value with the checkpoint's own is found later.
 */
export const assertExpectedNames = (
  option: string,
  template: NameTemplate,
  clips: readonly ExpectedClip[],
): void => {
  const taken = new Map<string, NamedVideoFile>()
  const refuse = (message: string): never => {
    throw new InvalidInputError(option, message)
  }
  for (const clip of clips) {
    const { uploadKey, imageKey, item, itemId } = clip
    const request = { jobId: jobText(clip), uploadKey, imageKey, item, itemId }
    const videos = clip.given.num_videos_per_prompt ?? 1
    for (let video = 0; video < videos; video++) {
      const shortestFields = fieldsOf(clip, video, shortest)
      const lacking = template.fields.find((name) => shortestFields[name] === null)
      if (lacking !== undefined) refuse(missingFieldText(lacking, clip))
      const fault = nameFault(template.fill(shortestFields), clip)
      if (fault !== null) refuse(fault)
      const key = sameFileKey(template.fill(fieldsOf(clip, video, (name) => comparedBy(clip, name))))
      const other = taken.get(key)
      const shown = template.fill(fieldsOf(clip, video, (name) => `{${name}}`))
      const named = { request, video, stem: shown }
      if (other !== undefined && (other.request.jobId !== request.jobId || other.video !== video))
        refuse(collision(other, named))
      taken.set(key, named)
    }
  }
}
