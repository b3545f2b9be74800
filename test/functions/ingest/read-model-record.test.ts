import { expect, test } from 'vitest'
import { readModelRecord } from '../../../functions/ingest/read-model-record.ts'
import { openMemoryObjectStore } from '../../fixtures/memory-object-store.ts'
import { aModelRecord } from '../../fixtures/model-record.ts'

const SIGNAL = new AbortController().signal

const modelsWith = async (key: string, content: string) => {
  const models = openMemoryObjectStore({ bucket: 'models', now: () => 0 })
  await models.put(key, Buffer.from(content), { contentType: 'application/json' }, SIGNAL)
  return models
}

test('a checkpoint is known by its record', async () => {
  const models = await modelsWith('models/tiny/model.json', JSON.stringify(aModelRecord()))
  expect(await readModelRecord(models, 'tiny', SIGNAL)).toEqual(aModelRecord())
})

test('one that is not there is a failure that says where it should be', async () => {
  const models = await modelsWith('models/tiny/model.json', '{}')
  await expect(readModelRecord(models, 'svd-xt', SIGNAL)).rejects.toThrow(
    'models/models/svd-xt/model.json: is not there; upload the checkpoint first',
  )
})

test.each(['{}', 'not json', JSON.stringify({ ...aModelRecord(), version: 2 })])(
  'a record that cannot be used is a failure: %j',
  async (content) => {
    const models = await modelsWith('models/tiny/model.json', content)
    await expect(readModelRecord(models, 'tiny', SIGNAL)).rejects.toThrow()
  },
)
