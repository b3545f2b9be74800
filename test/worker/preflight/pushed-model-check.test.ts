import { expect, test } from 'vitest'
import { modelRecordKey } from '../../../shared/contracts/bucket-layout.ts'
import { encodeRecord, RECORD_OPTIONS } from '../../../shared/contracts/record-bytes.ts'
import { checkPushedModel } from '../../../worker/preflight/pushed-model-check.ts'
import type { Faults } from '../../fixtures/faults.ts'
import { openMemoryObjectStore, type StoreOperation } from '../../fixtures/memory-object-store.ts'
import { aModelRecord } from '../../fixtures/model-record.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

/** A bucket with the records of these models; `broken` is the record of another model. */
const modelsOf = async (ids: readonly string[], faults: Faults<StoreOperation> = {}) => {
  const store = openMemoryObjectStore({ bucket: 'models', now: () => 0, faults })
  for (const id of ids) {
    const record = encodeRecord(aModelRecord({ model_id: id === 'broken' ? 'other' : id }))
    await store.put(modelRecordKey(id), record, RECORD_OPTIONS, unaborted)
  }
  return (id: string | null) => checkPushedModel(store, id, unaborted)
}

const described = (id: string): string =>
  `${id}, 2 files of 3.00 kB, sha256 ${aModelRecord().sha256.slice(0, 12)}`

test('the check of a pushed model describes its record', async () => {
  const check = await modelsOf(['tiny', 'xt'])
  expect(await check('xt')).toEqual({ name: 'model', status: 'ok', found: described('xt'), fix: null })
})

test.each([
  [['tiny', 'xt'], 'it has tiny, xt'],
  [[], 'it has no models'],
])('the check of a model that was not pushed fails in a bucket with the models %j', async (ids, there) => {
  const check = await modelsOf(ids)
  expect(await check('svd')).toEqual({
    ...{ name: 'model', status: 'fail', found: `s3://models has no model svd; ${there}` },
    fix: 'svd models push DIR --bucket models --id svd',
  })
})

test('the check of a model fails with the key and the reason when its record cannot be used', async () => {
  const check = await modelsOf(['broken'])
  expect(await check('broken')).toEqual({
    ...{ name: 'model', status: 'fail', fix: 'push the model again' },
    found: 's3://models/models/broken/model.json: is that of another model, other; push this one again',
  })
})

test('the check without a model id describes all models, and warns of a record that cannot be used', async () => {
  const sound = await modelsOf(['tiny', 'xt'])
  expect(await sound(null)).toMatchObject({ status: 'ok', found: `${described('tiny')}; ${described('xt')}` })
  const mixed = await modelsOf(['broken', 'tiny'])
  expect(await mixed(null)).toEqual({
    ...{ name: 'model', status: 'warn', fix: 'push them again' },
    found: 's3://models/models/broken/model.json: is that of another model, other; push this one again',
  })
  const empty = await modelsOf([])
  expect(await empty(null)).toEqual({
    ...{ name: 'model', status: 'warn', found: 's3://models has no models' },
    fix: 'svd models push DIR --bucket models --id ID',
  })
})

test('the check of a bucket that the caller may not read is a warning that names both IAM actions', async () => {
  const check = await modelsOf([], {
    before: () => Promise.reject(Object.assign(new Error('not ada'), { name: 'AccessDenied' })),
  })
  expect(await check('tiny')).toMatchObject({
    status: 'warn',
    found: 'skipped: no right to s3:GetObject and s3:ListBucket on models (not ada)',
  })
})
