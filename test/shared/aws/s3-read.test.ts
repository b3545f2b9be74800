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

test('asks again when a body breaks off', async () => {
  const brokenOff: Answer = (response) => {
    response.writeHead(200, HEADERS)
    response.write('hel', () => response.destroy())
  }
  const { store, requests } = await aStore(brokenOff, WHOLE)
  expect(await store.read('key', { maxBytes: 5 }, unaborted)).toMatchObject({ bytes: TEXT })
  expect(requests).toHaveLength(2)
})

test('asks again when a body has not the checksum it came with', async () => {
  const damaged: Answer = { ...WHOLE, headers: { ...HEADERS, 'x-amz-checksum-crc32': 'AAAAAA==' } }
  const { store, requests } = await aStore(damaged, WHOLE)
  expect(await store.read('key', { maxBytes: 5 }, unaborted)).toMatchObject({ bytes: TEXT })
  expect(requests).toHaveLength(2)
})

test('does not take a body of more than the cap: the connection is closed', async () => {
  const closed = Promise.withResolvers<void>()
  const { store } = await aStore((response) => {
    response.on('close', () => closed.resolve())
    response.writeHead(200, { ...HEADERS, 'content-length': String(2 ** 40) })
    response.write('hello')
  })
  await expect(store.read('key', { maxBytes: 5 }, unaborted)).rejects.toThrow(ObjectTooLargeError)
  await closed.promise
})

test('an aborted read does not wait for the rest of the body', async () => {
  const aborting = new AbortController()
  const reason = new Error('draining')
  const { store } = await aStore((response) => {
    response.writeHead(200, HEADERS)
    response.write('hel', () => aborting.abort(reason))
  })
  await expect(store.read('key', { maxBytes: 5 }, aborting.signal)).rejects.toBe(reason)
})

test('asks for a version, and takes a deletion for nothing', async () => {
  const { store, requests } = await aStore({ status: 405, headers: { 'x-amz-delete-marker': 'true' } })
  expect(await store.head('key', unaborted, 'version-1')).toBeNull()
  expect(requests[0]?.url).toBe('/bucket/key?versionId=version-1')
})

test('a type that S3 itself puts in is no type', async () => {
  const { store } = await aStore({
    ...{ status: 200, body: 'hello' },
    headers: { ...HEADERS, 'content-type': 'binary/octet-stream' },
  })
  expect(await store.read('key', { maxBytes: 5 }, unaborted)).toMatchObject({ contentType: null })
})

test('a missing permission is an error, not an absence', async () => {
  const { store } = await aStore(s3Error(403, 'AccessDenied'))
  await expect(store.read('key', { maxBytes: 5 }, unaborted)).rejects.toThrow('AccessDenied')
  await expect(store.head('key', unaborted)).rejects.toThrow()
})
