import { z } from 'zod'
import { modelRecordKey } from '../contracts/bucket-layout.ts'
import { InvalidInputError } from '../contracts/invalid-input.ts'
import { hashModel, type ModelRecord, modelRecordSchema } from '../contracts/model-record.ts'
import { parseStrictJson } from '../json/strict-json.ts'
import { decodeUtf8 } from '../json/utf8-text.ts'
import type { ObjectStore } from '../ports/object-store.ts'

/** A file takes some 200 bytes: room for thousands of shards. */
const MAX_RECORD_BYTES = 2 ** 20
const JSON_LIMITS = { maxDepth: 8, maxItems: 100_000, fix: 'push the model again' }

const parse = (key: string, modelId: string, bytes: Uint8Array): ModelRecord => {
  const result = modelRecordSchema.safeParse(parseStrictJson(key, decodeUtf8(key, bytes), JSON_LIMITS))
  if (!result.success) {
    throw new InvalidInputError(
      key,
      `is not a model record; push the model again\n${z.prettifyError(result.error)}`,
    )
  }
  const record = result.data
  if (record.model_id !== modelId) {
    throw new InvalidInputError(key, `is that of another model, ${record.model_id}; push this one again`)
  }
  if (hashModel(record) !== record.sha256) {
    throw new InvalidInputError(key, 'its sha256 is not that of its files; push the model again')
  }
  return record
}

/** `model.json` of a model in the bucket, checked; null: there is none. Throws InvalidInputError if it cannot be used. */
export const readModelRecord = async (
  store: ObjectStore,
  modelId: string,
  signal: AbortSignal,
): Promise<ModelRecord | null> => {
  const key = modelRecordKey(modelId)
  const found = await store.read(key, { maxBytes: MAX_RECORD_BYTES }, signal)
  return found === null ? null : parse(`s3://${store.bucket}/${key}`, modelId, found.bytes)
}
