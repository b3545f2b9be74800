import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openS3Client } from '../../../shared/aws/clients.ts'
import { openS3ObjectStore } from '../../../shared/aws/s3-object-store.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { startEmbeddedEndpoint } from '../../../worker/local/embedded-endpoint.ts'
import { openModel } from '../../../worker/models/open-model.ts'
import { pushModel } from '../../../worker/models/push-model.ts'
import { checkConditionalWrites } from '../../../worker/preflight/store-check.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { DEMO_DIR, demoRecord, MIB } from './a-pushed-model.ts'

const signal = new AbortController().signal

/** The embedded endpoint over HTTP, by the adapter that talks to S3. */
const anS3Bucket = async (): Promise<ObjectStore> => {
  const endpoint = await startEmbeddedEndpoint(0)
  const client = openS3Client({
    endpoint: endpoint.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
  onTestFinished(async () => {
    client.destroy()
    await endpoint[Symbol.asyncDispose]()
  })
  return openS3ObjectStore(client, endpoint.deployment.outputBucket)
}

test('a model that was pushed over HTTP is fetched complete, in parts', async () => {
  const store = await anS3Bucket()
  const record = await demoRecord()
  expect(await pushModel(DEMO_DIR, record, store, {}, signal)).toBe(true)
  expect(await pushModel(DEMO_DIR, record, store, {}, signal)).toBe(false)
  const cacheDir = await temporaryDir()
  const model = await openModel(
    `s3://${store.bucket}/models/demo/`,
    { cacheDir, variant: null, openStore: () => store, partBytes: MIB },
    signal,
  )
  expect(model.dir).toBe(join(cacheDir, 'models', record.sha256))
  expect(model.record).toEqual(record)
  expect((await openCheckpoint(model.dir)).unet.tensors?.size).toBe(906)
})

const now = (): Date => new Date()

test('the embedded endpoint respects conditional writes, which a worker requires', async () => {
  const store = await anS3Bucket()
  expect(await checkConditionalWrites(store, { conditionalWrites: 'required', now }, signal)).toMatchObject({
    status: 'ok',
  })
  expect(await Array.fromAsync(store.list('probes/', signal))).toEqual([])
})
