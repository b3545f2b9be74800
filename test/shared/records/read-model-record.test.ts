import { expect, test } from 'vitest'
import { readModelRecord } from '../../../shared/records/read-model-record.ts'
import { openMemoryObjectStore } from '../../fixtures/memory-object-store.ts'
import { aModelRecord } from '../../fixtures/model-record.ts'

const SIGNAL = new AbortController().signal

const modelsWith = async (key: string, content: string) => {
  const models = openMemoryObjectStore({ bucket: 'models', now: () => 0 })
  await models.put(key, Buffer.from(content), { contentType: 'application/json' }, SIGNAL)
  return models
}

test('readModelRecord returns the record of a checkpoint', async () => {
  const models = await modelsWith('models/tiny/model.json', JSON.stringify(aModelRecord()))
  expect(await readModelRecord(models, 'tiny', SIGNAL)).toEqual(aModelRecord())
})

test('readModelRecord returns null for a checkpoint that does not exist', async () => {
  const models = await modelsWith('models/tiny/model.json', '{}')
  expect(await readModelRecord(models, 'svd-xt', SIGNAL)).toBeNull()
})

const RECORD = aModelRecord()

test.each([
  ['{}', 'is not a model record; push the model again'],
  ['not json', 's3://models/models/tiny/model.json'],
  [JSON.stringify({ ...RECORD, version: 2 }), 'is not a model record'],
  [JSON.stringify({ ...RECORD, model_id: 'huge' }), 'is that of another model, huge'],
  [JSON.stringify({ ...RECORD, sha256: '0'.repeat(64) }), 'its sha256 is not that of its files'],
])('readModelRecord fails for an unusable record: its error has $1', async (content, message) => {
  const models = await modelsWith('models/tiny/model.json', content)
  await expect(readModelRecord(models, 'tiny', SIGNAL)).rejects.toThrow(message)
})
