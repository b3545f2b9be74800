import { modelRecordKey } from '../../shared/contracts/bucket-layout.ts'
import { type ModelRecord, modelRecordSchema } from '../../shared/contracts/model-record.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'

/** A checkpoint has some twenty files, each a line of 150 bytes. */
const MAX_RECORD_BYTES = 2 ** 20

/** What the models bucket says of a checkpoint. Throws if it says nothing, or nothing that can be used. */
export const readModelRecord = async (
  models: ObjectStore,
  modelId: string,
  signal: AbortSignal,
): Promise<ModelRecord> => {
  const key = modelRecordKey(modelId)
  const stored = await models.read(key, { maxBytes: MAX_RECORD_BYTES }, signal)
  if (stored === null) throw new Error(`${models.bucket}/${key}: is not there; upload the checkpoint first`)
  return modelRecordSchema.parse(JSON.parse(new TextDecoder().decode(stored.bytes)))
}
