import { expect, test } from 'vitest'
import { openS3ObjectStore } from '../../../shared/aws/s3-object-store.ts'
import { ObjectTooLargeError } from '../../../shared/ports/object-store.ts'
import { type Answer, openScriptedEndpoint } from '../../fixtures/scripted-endpoint.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { anS3Client } from './a-client.ts'
import { s3Error } from './s3-answers.ts'

const HEADERS = {
  ...{ etag: '"e"', 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' },
  ...{ 'content-type': 'text/plain', 'content-length': '5' },
}
const WHOLE: Answer = { status: 200, headers: HEADERS, body: 'hello' }
const TEXT = new TextEncoder().encode('hello')

const aStore = async (...answers: readonly Answer[]) => {
  const endpoint = await openScriptedEndpoint(
    (_, place) => answers[Math.min(place, answers.length - 1)] ?? 'lost',
  )
  return { store: openS3ObjectStore(anS3Client(endpoint.url), 'bucket'), requests: endpoint.requests }
}

test('the S3 store reads again when a body ends early', async () => {
  const brokenOff: Answer = (response) => {
    response.writeHead(200, HEADERS)
    response.write('hel', () => response.destroy())
  }
  const { store, requests } = await aStore(brokenOff, WHOLE)
  expect(await store.read('key', { maxBytes: 5 }, unaborted)).toMatchObject({ bytes: TEXT })
  expect(requests).toHaveLength(2)
})

test('the S3 store reads again when a body does not match its checksum', async () => {
  const damaged: Answer = { ...WHOLE, headers: { ...HEADERS, 'x-amz-checksum-crc32': 'AAAAAA==' } }
  const { store, requests } = await aStore(damaged, WHOLE)
  expect(await store.read('key', { maxBytes: 5 }, unaborted)).toMatchObject({ bytes: TEXT })
  expect(requests).toHaveLength(2)
})

test('the S3 store closes the connection for a body above maxBytes', async () => {
  const closed = Promise.withResolvers<void>()
  const { store } = await aStore((response) => {
    response.on('close', () => closed.resolve())
    response.writeHead(200, { ...HEADERS, 'content-length': String(2 ** 40) })
    response.write('hello')
  })
  await expect(store.read('key', { maxBytes: 5 }, unaborted)).rejects.toThrow(ObjectTooLargeError)
  await closed.promise
})

test('an aborted read fails at once with its reason', async () => {
  const aborting = new AbortController()
  const reason = new Error('draining')
  const { store } = await aStore((response) => {
    response.writeHead(200, HEADERS)
    response.write('hel', () => aborting.abort(reason))
  })
  await expect(store.read('key', { maxBytes: 5 }, aborting.signal)).rejects.toBe(reason)
})

test('the S3 store requests a version, and returns null for a delete marker', async () => {
  const { store, requests } = await aStore({ status: 405, headers: { 'x-amz-delete-marker': 'true' } })
  expect(await store.head('key', unaborted, 'version-1')).toBeNull()
  expect(requests[0]?.url).toBe('/bucket/key?versionId=version-1')
})

test('the S3 store returns no content type when S3 has set binary/octet-stream itself', async () => {
  const { store } = await aStore({
    ...{ status: 200, body: 'hello' },
    headers: { ...HEADERS, 'content-type': 'binary/octet-stream' },
  })
  expect(await store.read('key', { maxBytes: 5 }, unaborted)).toMatchObject({ contentType: null })
})

test('the S3 store fails when a permission is missing', async () => {
  const { store } = await aStore(s3Error(403, 'AccessDenied'))
  await expect(store.read('key', { maxBytes: 5 }, unaborted)).rejects.toThrow('AccessDenied')
  await expect(store.head('key', unaborted)).rejects.toThrow()
})
