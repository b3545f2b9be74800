import { expect, test } from 'vitest'
import { openS3ObjectStore } from '../../../shared/aws/s3-object-store.ts'
import { type Answer, openScriptedEndpoint, type ScriptedRequest } from '../../fixtures/scripted-endpoint.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { anS3Client } from './a-client.ts'
import { s3Error, written } from './s3-answers.ts'

const BODY = new TextEncoder().encode('hello')
const TEXT = { contentType: 'text/plain' }
const CONFLICT = s3Error(409, 'ConditionalRequestConflict')
const EXISTS = s3Error(412, 'PreconditionFailed')

const aStore = async (answer: (request: ScriptedRequest, place: number) => Answer) => {
  const endpoint = await openScriptedEndpoint(answer)
  return { store: openS3ObjectStore(anS3Client(endpoint.url), 'bucket'), requests: endpoint.requests }
}

/** Gives the answers one after the other, and the last one to every further request. */
const answers =
  (...all: readonly Answer[]) =>
  (_: unknown, place: number): Answer =>
    all[Math.min(place, all.length - 1)] ?? 'lost'

test('the S3 store sends condition, checksum, content type and metadata', async () => {
  const { store, requests } = await aStore(answers(written('"e"')))
  const sha256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'

  await store.create('a key', BODY, { ...TEXT, metadata: { job: '1' }, sha256 }, unaborted)

  expect(requests).toHaveLength(1)
  expect(requests[0]).toMatchObject({
    ...{ method: 'PUT', url: '/bucket/a%20key?x-id=PutObject', body: 'hello' },
    headers: {
      ...{ 'if-none-match': '*', 'content-type': 'text/plain', 'x-amz-meta-job': '1' },
      'x-amz-checksum-sha256': 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=',
    },
  })
})

test('the S3 store repeats a write after a conflict with another conditional write', async () => {
  const { store, requests } = await aStore(answers(CONFLICT, CONFLICT, written('"new"')))
  expect(await store.replace('key', '"old"', BODY, TEXT, unaborted)).toBe('"new"')
  expect(requests.map(({ headers }) => headers['if-match'])).toEqual(['"old"', '"old"', '"old"'])
})

test('the S3 store returns false for a create when another write succeeded after a conflict', async () => {
  const { store } = await aStore(answers(CONFLICT, EXISTS))
  expect(await store.create('key', BODY, TEXT, unaborted)).toBe(false)
})

test('the S3 store fails after six conflicts', async () => {
  const { store, requests } = await aStore(answers(CONFLICT))
  const created = store.create('key', BODY, TEXT, unaborted)
  await expect(created).rejects.toThrow('ConditionalRequestConflict')
  expect(requests).toHaveLength(6)
})

test('the S3 store stops its retries when it is aborted, and fails with the reason', async () => {
  const aborting = new AbortController()
  const reason = new Error('draining')
  const { store, requests } = await aStore((_, place) => {
    if (place === 1) aborting.abort(reason)
    return CONFLICT
  })
  await expect(store.create('key', BODY, TEXT, aborting.signal)).rejects.toBe(reason)
  expect(requests).toHaveLength(2)
})

test('an aborted write fails at once with its reason', async () => {
  const aborting = new AbortController()
  const reason = new Error('draining')
  const { store } = await aStore(() => () => aborting.abort(reason))
  await expect(store.put('key', BODY, TEXT, aborting.signal)).rejects.toBe(reason)
})

test('the S3 store returns false for a create whose first answer was lost', async () => {
  const { store, requests } = await aStore(answers('lost', EXISTS))
  expect(await store.create('key', BODY, TEXT, unaborted)).toBe(false)
  expect(requests).toHaveLength(2)
})

test('the S3 store repeats a write after a server error', async () => {
  const { store, requests } = await aStore(answers(s3Error(503, 'SlowDown'), 'lost', written('"e"')))
  expect(await store.put('key', BODY, TEXT, unaborted)).toBe('"e"')
  expect(requests).toHaveLength(3)
})

test('the S3 store returns null for a replace when the object does not exist', async () => {
  const { store } = await aStore(answers(s3Error(404, 'NoSuchKey')))
  expect(await store.replace('key', '"old"', BODY, TEXT, unaborted)).toBeNull()
})

test('the S3 store fails when a bucket or a permission is missing', async () => {
  const { store } = await aStore(answers(s3Error(404, 'NoSuchBucket')))
  await expect(store.replace('key', '"old"', BODY, TEXT, unaborted)).rejects.toThrow('NoSuchBucket')
  const { store: closed } = await aStore(answers(s3Error(403, 'AccessDenied')))
  await expect(closed.create('key', BODY, TEXT, unaborted)).rejects.toThrow('AccessDenied')
})
