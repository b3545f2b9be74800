import { MODELS_PREFIX, modelIdOfRecord } from '../../shared/contracts/bucket-layout.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import type { ModelRecord } from '../../shared/contracts/model-record.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { readModelRecord } from '../../shared/records/read-model-record.ts'

/** A model in the bucket, or what is wrong with its record. */
export type ListedModel =
  | { readonly modelId: string; readonly record: ModelRecord }
  | { readonly modelId: string; readonly fault: string }

/** Every model that was pushed to its end, in the order of ids. */
export const listModels = async (
  store: ObjectStore,
  signal: AbortSignal,
): Promise<readonly ListedModel[]> => {
  const models: ListedModel[] = []
  for await (const { key } of store.list(MODELS_PREFIX, signal)) {
    const modelId = modelIdOfRecord(key)
    if (modelId === null) continue
    try {
      const record = await readModelRecord(store, modelId, signal)
      if (record !== null) models.push({ modelId, record })
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error
      models.push({ modelId, fault: error.message })
    }
  }
  return models
}
