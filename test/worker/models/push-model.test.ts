import { describe, expect, test } from 'vitest'
import { modelRecordKey } from '../../../shared/contracts/bucket-layout.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import type { ModelRecord } from '../../../shared/contracts/model-record.ts'
import { readModelRecord } from '../../../shared/records/read-model-record.ts'
import { listModels } from '../../../worker/models/list-models.ts'
import type { ModelProgress } from '../../../worker/models/model-progress.ts'
import { pushModel } from '../../../worker/models/push-model.ts'
import type { Faults } from '../../fixtures/faults.ts'
import { openMemoryObjectStore, type StoreOperation } from '../../fixtures/memory-object-store.ts'
import { DEMO_DIR, demoRecord, UNET_KEY } from './a-pushed-model.ts'

const signal = new AbortController().signal

const aBucket = (faults: Faults<StoreOperation> = {}) =>
  openMemoryObjectStore({ bucket: 'models-bucket', now: () => 0, faults })

const push = async (store: ReturnType<typeof aBucket>, changes: Partial<ModelRecord> = {}) =>
  await pushModel(DEMO_DIR, { ...(await demoRecord()), ...changes }, store, {}, signal)

describe('a pushed model', () => {
  test('has every file, and its record is written last', async () => {
    const store = aBucket()
    const record = await demoRecord()
    expect(await push(store)).toBe(true)
    expect(store.writes.map(({ key }) => key)).toEqual([
      ...record.files.map(({ path }) => `models/demo/${path}`),
      'models/demo/model.json',
    ])
    expect(await readModelRecord(store, 'demo', signal)).toEqual(record)
    expect(store.writes.at(-1)?.contentType).toBe('application/json')
  })

  test('is pushed with reports of progress, up to the total', async () => {
    const progress: ModelProgress[] = []
    const record = await demoRecord()
    await pushModel(DEMO_DIR, record, aBucket(), { onProgress: (step) => progress.push(step) }, signal)
    const totalBytes = record.files.reduce((total, { size_bytes }) => total + size_bytes, 0)
    expect(progress.at(-1)).toEqual({ phase: 'push', doneBytes: totalBytes, totalBytes })
  })

  test('is not pushed a second time', async () => {
    const store = aBucket()
    await push(store)
    const before = store.writes.length
    expect(await push(store)).toBe(false)
    expect(store.writes.length).toBe(before)
  })

  test('is pushed from the point where an interrupted push ended', async () => {
    let broken = true
    const store = aBucket({
      before(operation, key) {
        if (broken && operation === 'create' && key.includes('/vae/diffusion')) throw new Error('gone')
      },
    })
    await expect(push(store)).rejects.toThrow('gone')
    expect(await readModelRecord(store, 'demo', signal)).toBeNull()
    broken = false
    expect(await push(store)).toBe(true)
    const keys = store.writes.map(({ key }) => key)
    expect(new Set(keys).size).toBe(keys.length)
  })

  test('is complete if the response to its last write was lost', async () => {
    const store = aBucket({
      after(operation, key) {
        if (operation === 'create' && key === modelRecordKey('demo')) throw new Error('lost')
      },
    })
    await expect(push(store)).rejects.toThrow('lost')
    expect(await push(store)).toBe(false)
  })

  test('is never changed, because an id has one content', async () => {
    const store = aBucket()
    await push(store)
    const { files } = await demoRecord()
    const other = push(store, { files: files.slice(1), sha256: 'e'.repeat(64) })
    await expect(other).rejects.toThrow(
      'model id: demo: s3://models-bucket/models/demo/model.json is there already with other content',
    )
    await expect(other).rejects.toBeInstanceOf(InvalidInputError)
  })

  test('is not overwritten in a store that ignores conditions', async () => {
    const store = aBucket()
    await push(store)
    const create: typeof store.create = async (...write) => (await store.put(...write)) !== ''
    const { files } = await demoRecord()
    const other = push({ ...store, create }, { files: files.slice(1), sha256: 'e'.repeat(64) })
    await expect(other).rejects.toThrow('is there already with other content')
    expect(await readModelRecord(store, 'demo', signal)).toEqual(await demoRecord())
  })

  test.each([
    ['of another size', 7],
    ['of the same size', null],
  ])('is refused if another push left a file %s', async (_, sizeBytes) => {
    const store = aBucket()
    const { files } = await demoRecord()
    const { size_bytes } = files.find(({ path }) => UNET_KEY.endsWith(path))!
    const other = Buffer.alloc(sizeBytes ?? size_bytes)
    const options = { contentType: 'application/octet-stream', metadata: { sha256: 'f'.repeat(64) } }
    await store.put(UNET_KEY, other, options, signal)
    await expect(push(store)).rejects.toThrow(`s3://models-bucket/${UNET_KEY} is there already`)
    expect(await readModelRecord(store, 'demo', signal)).toBeNull()
  })

  test('is refused by the store if its bytes differ from the record', async () => {
    const record = await demoRecord()
    const files = record.files.map((file) =>
      file.path === 'svd.json' ? { ...file, sha256: 'f'.repeat(64) } : file,
    )
    const store = aBucket()
    await expect(push(store, { files })).rejects.toThrow('models/demo/svd.json: has SHA-256')
    expect(store.keys()).not.toContain('models/demo/model.json')
  })
})

test('listModels lists models by their records, and a broken record with its fault', async () => {
  const store = aBucket()
  await push(store)
  const json = { contentType: 'application/json' }
  await store.put(modelRecordKey('broken'), Buffer.from('{'), json, signal)
  await store.put('models/unfinished/unet/config.json', Buffer.from('{}'), json, signal)
  expect(await listModels(store, signal)).toEqual([
    {
      modelId: 'broken',
      fault: expect.stringContaining('s3://models-bucket/models/broken/model.json: is not JSON'),
    },
    { modelId: 'demo', record: await demoRecord() },
  ])
})
