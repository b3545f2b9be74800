import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { openAwsServices } from '../../../worker/aws/aws-services.ts'
import { startEmbeddedEndpoint } from '../../../worker/local/embedded-endpoint.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

const TEXT = { contentType: 'text/plain' }

const aBucket = async () => {
  const endpoint = await startEmbeddedEndpoint(0)
  const services = openAwsServices(endpoint.clientConfig)
  const bucket = services.openBucket(endpoint.deployment.inputBucket)
  const textOf = async (key: string) =>
    Buffer.from((await bucket.read(key, { maxBytes: 100 }, unaborted))?.bytes ?? []).toString()
  return {
    ...{ endpoint, bucket, textOf },
    create: (key: string, text: string) => bucket.create(key, Buffer.from(text), TEXT, unaborted),
    async [Symbol.asyncDispose]() {
      await services[Symbol.asyncDispose]()
      await endpoint[Symbol.asyncDispose]()
    },
  }
}

describe('the embedded endpoint', () => {
  test.each(['images/cup.png', 'images/a b+c/käse & 50 %.png', 'images/?x=1#y.png', 'images/\u{1f600}.png'])(
    'keeps the object that was created first as %s',
    async (key) => {
      await using made = await aBucket()
      expect([await made.create(key, 'first'), await made.create(key, 'second')]).toEqual([true, false])
      expect(await made.textOf(key)).toBe('first')
    },
  )

  test('lets one of eight concurrent creates succeed', async () => {
    await using made = await aBucket()
    const wins = await Promise.all(Array.from({ length: 8 }, (_, index) => made.create('a', `${index}`)))
    expect(wins.filter(Boolean)).toHaveLength(1)
    expect(await made.textOf('a')).toBe(String(wins.indexOf(true)))
  })

  test('replaces an object only for a writer that has its current ETag', async () => {
    await using made = await aBucket()
    await made.create('a', 'first')
    const etag = (await made.bucket.head('a', unaborted))?.etag ?? ''
    const replace = (text: string) => made.bucket.replace('a', etag, Buffer.from(text), TEXT, unaborted)
    expect([await replace('second'), await replace('third')]).toEqual([expect.any(String), null])
    expect(await made.textOf('a')).toBe('second')
  })

  test('overwrites an object when the request has no condition, as S3 does', async () => {
    await using made = await aBucket()
    await made.create('a', 'first')
    await made.bucket.put('a', Buffer.from('second'), TEXT, unaborted)
    expect(await made.textOf('a')).toBe('second')
  })

  test('accepts the next write of a key after the client of an earlier write disconnected', async () => {
    await using made = await aBucket()
    const { url, deployment } = made.endpoint
    const gone = request(`${url}/${deployment.inputBucket}/a`, { method: 'PUT' })
    gone.on('error', () => {})
    gone.end('gone')
    gone.destroy()
    expect(await made.create('b', 'first')).toBe(true)
    await made.bucket.put('a', Buffer.from('second'), TEXT, unaborted)
    expect(await made.textOf('a')).toBe('second')
  })
})
