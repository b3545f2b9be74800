import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import type { ModelRecord } from '../../shared/contracts/model-record.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { readModelRecord } from '../../shared/records/read-model-record.ts'
import { formatBytes } from '../../shared/size-text.ts'
import { listModels } from '../models/list-models.ts'
import { runAwsCheck } from './aws-check.ts'
import { type Check, type Finding, fail, ok, warn } from './check.ts'

const describe = ({ model_id: id, files, sha256 }: ModelRecord): string => {
  const bytes = files.reduce((total, { size_bytes }) => total + size_bytes, 0)
  return `${id}, ${files.length} files of ${formatBytes(bytes)}, sha256 ${sha256.slice(0, 12)}`
}

const pushFix = (bucket: string, id: string): string => `svd models push DIR --bucket ${bucket} --id ${id}`

const findNamed = async (store: ObjectStore, modelId: string, signal: AbortSignal): Promise<Finding> => {
  const record = await readModelRecord(store, modelId, signal)
  if (record !== null) return ok(describe(record))
  const others = (await listModels(store, signal)).map((model) => model.modelId)
  const there = others.length === 0 ? 'it has no models' : `it has ${others.join(', ')}`
  return fail(`s3://${store.bucket} has no model ${modelId}; ${there}`, pushFix(store.bucket, modelId))
}

const findAny = async (store: ObjectStore, signal: AbortSignal): Promise<Finding> => {
  const models = await listModels(store, signal)
  if (models.length === 0) return warn(`s3://${store.bucket} has no models`, pushFix(store.bucket, 'ID'))
  const sound = models.flatMap((model) => ('record' in model ? [describe(model.record)] : []))
  const broken = models.flatMap((model) => ('fault' in model ? [model.fault] : []))
  return broken.length === 0 ? ok(sound.join('; ')) : warn(broken.join('; '), 'push them again')
}

/** Checks that the model was pushed completely; if `modelId` is `null`, which ones were. Does not read their files. */
export const checkPushedModel = (
  store: ObjectStore,
  modelId: string | null,
  signal: AbortSignal,
): Promise<Check> =>
  runAwsCheck(
    {
      name: 'model',
      action: `s3:GetObject and s3:ListBucket on ${store.bucket}`,
      explain: (_, __, error) =>
        error instanceof InvalidInputError ? fail(error.message, 'push the model again') : null,
      probe: (within) => (modelId === null ? findAny(store, within) : findNamed(store, modelId, within)),
    },
    signal,
  )
