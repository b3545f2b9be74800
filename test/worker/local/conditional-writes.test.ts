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
    'keeps the object of %s that was created first',
    async (key) => {
      await using made = await aBucket()
      expect([await made.create(key, 'first'), await made.create(key, 'second')]).toEqual([true, false])
      expect(await made.textOf(key)).toBe('first')
    },
  )

  test('lets one of eight creators win, who come at once', async () => {
    await using made = await aBucket()
    const wins = await Promise.all(Array.from({ length: 8 }, (_, index) => made.create('a', `${index}`)))
    expect(wins.filter(Boolean)).toHaveLength(1)
    expect(await made.textOf('a')).toBe(String(wins.indexOf(true)))
  })

  test('replaces the object that the writer knows, and no other', async () => {
    await using made = await aBucket()
    await made.create('a', 'first')
    const etag = (await made.bucket.head('a', unaborted))?.etag ?? ''
    const replace = (text: string) => made.bucket.replace('a', etag, Buffer.from(text), TEXT, unaborted)
    expect([await replace('second'), await replace('third')]).toEqual([expect.any(String), null])
    expect(await made.textOf('a')).toBe('second')
  })

  test('writes over an object where no condition is given, as S3 does', async () => {
    await using made = await aBucket()
    await made.create('a', 'first')
    await made.bucket.put('a', Buffer.from('second'), TEXT, unaborted)
    expect(await made.textOf('a')).toBe('second')
  })

  test('takes the next write of a key after one whose client went away', async () => {
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
