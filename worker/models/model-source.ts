import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { modelIdSchema } from '../../shared/contracts/model-record.ts'

/** Source of a model: a folder of this machine, or a bucket to which `svd models push` has uploaded it. */
export type ModelSource =
  | { readonly kind: 'folder'; readonly dir: string }
  | { readonly kind: 'bucket'; readonly bucket: string; readonly modelId: string }

const BUCKET_SOURCE = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/models\/([^/]+)\/?$/

/** Parses `s3://BUCKET/models/ID/`, or a path. Throws InvalidInputError. */
export const parseModelSource = (field: string, source: string): ModelSource => {
  if (source === '') throw new InvalidInputError(field, 'is empty; give a folder or s3://BUCKET/models/ID/')
  if (!/^[a-z0-9]+:\/\//i.test(source)) return { kind: 'folder', dir: source }
  const [, bucket, modelId] = BUCKET_SOURCE.exec(source) ?? []
  if (bucket === undefined || !modelIdSchema.safeParse(modelId).success) {
    throw new InvalidInputError(
      field,
      `got '${source}'; must be a folder, or s3://BUCKET/models/ID/ as svd models push prints it`,
    )
  }
  return { kind: 'bucket', bucket, modelId: modelId! }
}
