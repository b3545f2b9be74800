import path from 'node:path'
import type { ParametersDocument } from '../../../shared/contracts/parameters-document.ts'
import { PARAMETER_NAMES, type ParameterName, parameterText } from '../tracking/parameter-differences.ts'
import { type ClipRequest, requestText } from './clip-request.ts'

/** Fields that are no parameters, each with its meaning. */
export const OTHER_FIELDS = {
  image: 'name of the image without folder and ending',
  item: 'position of the item in its manifest, from 1',
  item_id: 'id that the manifest gives the item',
  upload: 'name of the manifest, or of the image, without folder and ending',
  video: 'number of the video in its clip, from 0',
  id: 'the first 8 digits of the job',
  job_id: 'all 32 digits of the job',
  group: 'group of the job, known when it has ended',
  model: 'id of the model, known when the job has ended',
} as const

export type FieldName = ParameterName | keyof typeof OTHER_FIELDS

/** Fields of a name, in the order in which messages list them. */
export const FIELD_NAMES: readonly FieldName[] = [
  ...(Object.keys(OTHER_FIELDS) as (keyof typeof OTHER_FIELDS)[]),
  ...PARAMETER_NAMES,
]

/** Text of each field; `null` for one that the clip does not have, or does not have yet. */
export type NameFields = Readonly<Record<FieldName, string | null>>

export const ID_DIGITS = 8

/** `images/p/cup.png` → `cup`. */
export const baseName = (key: string): string => path.posix.parse(key).name.normalize('NFC')

export interface NamedVideo {
  readonly request: ClipRequest
  readonly parameters: ParametersDocument
  readonly video: number
  /** `null` until the job has ended. */
  readonly group: string | null
  readonly model: string | null
}

/** Texts of a request's own fields. */
export const requestFields = ({ uploadKey, imageKey, item, itemId }: Omit<ClipRequest, 'jobId'>) => ({
  image: baseName(imageKey),
  item: item === null ? null : String(item),
  item_id: itemId === null ? null : itemId.normalize('NFC'),
  upload: baseName(uploadKey),
})

const parameterFields = (parameters: ParametersDocument): Readonly<Record<ParameterName, string>> =>
  Object.fromEntries(PARAMETER_NAMES.map((name) => [name, parameterText(name, parameters)])) as Record<
    ParameterName,
    string
  >

/** Fields of one video of a request whose job has a record. */
export const fieldsOfVideo = ({ request, parameters, video, group, model }: NamedVideo): NameFields => ({
  ...parameterFields(parameters),
  ...requestFields(request),
  ...{ video: String(video), id: request.jobId.slice(0, ID_DIGITS), job_id: request.jobId },
  ...{ group, model },
})

/** Fields that are known only when the job has ended. */
export const FIELDS_OF_ENDED_JOBS: readonly FieldName[] = ['group', 'model']

/** Says why a clip lacks a field, and what to do. */
export const missingFieldText = (
  name: FieldName,
  request: Pick<ClipRequest, 'uploadKey' | 'item'>,
): string => {
  if (name === 'item_id')
    return request.item === null
      ? `{item_id}: ${requestText(request)} was uploaded without a manifest, so it has no id; take {image}`
      : `{item_id}: ${requestText(request)} has no id; give it one, or take {item} or {image}`
  if (name === 'item')
    return `{item}: ${requestText(request)} was uploaded without a manifest; take {image} or {id}`
  return `{${name}}: ${requestText(request)} has none; take another field`
}
