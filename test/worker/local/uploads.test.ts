import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { openS3Client } from '../../../shared/aws/clients.ts'
import { openS3ObjectStore } from '../../../shared/aws/s3-object-store.ts'
import { parseS3Event } from '../../../shared/contracts/s3-event.ts'
import { inLanes } from '../../../shared/in-lanes.ts'
import { systemClock } from '../../../shared/system-clock.ts'
import { type EmbeddedEndpoint, startEmbeddedEndpoint } from '../../../worker/local/embedded-endpoint.ts'
import { runNotificationBridge } from '../../../worker/local/notification-bridge.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

const UPLOADS = 1_600
const TYPE = { contentType: 'image/png' }

const openInput = async () => {
  const endpoint = await startEmbeddedEndpoint(0)
  const s3 = openS3Client(endpoint.clientConfig)
  const { inputBucket, outputBucket } = endpoint.deployment
  return {
    ...{ endpoint, s3, inputBucket, outputBucket, input: openS3ObjectStore(s3, inputBucket) },
    async [Symbol.asyncDispose]() {
      s3.destroy()
      await endpoint[Symbol.asyncDispose]()
    },
  }
}

/** Keys that were uploaded so far. */
const uploadsOf = async ({ uploads }: EmbeddedEndpoint): Promise<readonly string[]> => {
  const END = 'the end'
  uploads.add(END)
  const keys: string[] = []
  for (;;) {
    const key = await uploads.next(unaborted)
    if (key === END) return keys
    keys.push(key)
  }
}

test('all of 1,600 uploads reach ingest, although the endpoint omits keys from a listing of them', async () => {
  await using opened = await openInput()
  const { input, endpoint } = opened
  // By bytes these are in another order than by locale.
  const names = ['IMG', 'img', 'Foto', 'a b+ü']
  const keys = Array.from({ length: UPLOADS }, (_, index) => `images/${names[index % 4]}_${index}.png`)
  const ingested: string[] = []
  const stop = new AbortController()
  const bridge = runNotificationBridge(
    input,
    endpoint.uploads,
    {
      clock: systemClock,
      async ingest(event) {
        ingested.push(...parseS3Event(event).map(({ key }) => key))
        if (ingested.length === UPLOADS) stop.abort()
      },
    },
    stop.signal,
  )

  await inLanes(keys, 16, (key) => input.put(key, Buffer.from(key), TYPE, unaborted))
  await bridge

  expect(ingested.toSorted()).toEqual(keys.toSorted())
})

describe('the uploads of the endpoint', () => {
  test('include each object that was written into the input bucket, by any kind of request', async () => {
    await using opened = await openInput()
    const { input, endpoint, s3, inputBucket: Bucket } = opened
    await input.put('images/a b+%ü.png', new Uint8Array(3), TYPE, unaborted)
    await s3.send(
      new CopyObjectCommand({ Bucket, Key: 'copied.png', CopySource: `${Bucket}/images/a b+%25ü.png` }),
    )
    const Key = 'manifests/in parts.json'
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    const part = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'x' }))
    const beforeTheEnd = await uploadsOf(endpoint)
    const Parts = [{ PartNumber: 1, ETag: part.ETag }]
    await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }))
    const form = new FormData()
    // biome-ignore lint/suspicious/noTemplateCurlyInString: S3 replaces this text.
    form.set('key', 'images/forms/${filename}')
    form.set('file', new Blob(['x']), 'ä 1.png')
    const { status } = await fetch(`${endpoint.url}/${Bucket}`, { method: 'POST', body: form })

    expect(beforeTheEnd).toEqual(['images/a b+%ü.png', 'copied.png'])
    expect(status).toBe(204)
    expect(await uploadsOf(endpoint)).toEqual([Key, 'images/forms/ä 1.png'])
    for (const key of ['copied.png', Key, 'images/forms/ä 1.png'])
      expect(await input.head(key, unaborted)).not.toBeNull()
  })

  test('exclude objects that were read, deleted, refused, or written elsewhere', async () => {
    await using opened = await openInput()
    const { input, endpoint, s3, inputBucket: Bucket, outputBucket } = opened
    await openS3ObjectStore(s3, outputBucket).put('images/a.png', new Uint8Array(1), TYPE, unaborted)
    await input.head('images/a.png', unaborted)
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'images/a.png' }))
    const copy = new CopyObjectCommand({ Bucket, Key: 'images/b.png', CopySource: `${Bucket}/none.png` })
    await expect(s3.send(copy)).rejects.toThrow()
    await fetch(`${endpoint.url}/no-such-bucket/images/a.png`, { method: 'PUT', body: 'x' })

    expect(await uploadsOf(endpoint)).toEqual([])
  })

  test.each([
    'no form',
    '--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\nx\r\n--x--\r\n',
  ])('include no object from a form without a readable key (%j)', async (body) => {
    await using opened = await openInput()
    const { input, endpoint, inputBucket } = opened
    const headers = { 'content-type': 'multipart/form-data; boundary=x' }
    const answer = await fetch(`${endpoint.url}/${inputBucket}`, { method: 'POST', headers, body })

    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringContaining('<Code>MalformedPOSTRequest</Code>'),
    ])
    expect(await Array.fromAsync(input.list('', unaborted))).toEqual([])
  })
})
