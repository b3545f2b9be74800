import { S3Client } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { RequestHash } from '../../../shared/aws/request-hash.ts'

type Secret = ConstructorParameters<typeof RequestHash>[0]

const hexOf = async (secret: Secret, ...parts: readonly (string | Uint8Array)[]): Promise<string> => {
  const hash = new RequestHash(secret)
  for (const part of parts) hash.update(part)
  return Buffer.from(await hash.digest()).toString('hex')
}
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

// FIPS 180-2, B.1.
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
// RFC 4231, test case 2.
const QUESTION = 'what do ya want for nothing?'
const JEFE = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'

test('RequestHash returns the SHA-256 of all updates', async () => {
  expect(await hexOf(undefined, 'a', bytesOf('bc'))).toBe(ABC)
})

test('RequestHash returns the HMAC-SHA-256 when it has a secret, as text or bytes', async () => {
  const bytes = bytesOf('Jefe')
  for (const secret of ['Jefe', bytes, bytes, bytes.slice().buffer])
    expect(await hexOf(secret, QUESTION)).toBe(JEFE)
})

test('RequestHash uses its own secret, after another instance used another one', async () => {
  await hexOf('Anna', QUESTION)
  expect(await hexOf('Jefe', QUESTION)).toBe(JEFE)
  await hexOf(bytesOf('Anna'), QUESTION)
  expect(await hexOf(bytesOf('Jefe'), QUESTION)).toBe(JEFE)
})

test('RequestHash starts again after a reset', async () => {
  const hash = new RequestHash()
  hash.update('x')
  hash.reset()
  hash.update('abc')
  expect(Buffer.from(await hash.digest()).toString('hex')).toBe(ABC)
})

test("RequestHash signs a request exactly as the SDK's own hash does", async () => {
  const authorizationBy = async (config: { readonly sha256?: typeof RequestHash }) => {
    const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'token' }
    const client = new S3Client({ region: 'eu-central-1', credentials, ...config })
    const signer = await client.config.signer({
      ...{ name: 'sigv4', signingName: 's3', signingRegion: 'eu-central-1', properties: {} },
    })
    const request = { method: 'PUT', protocol: 'http:', hostname: 'localhost', path: '/bucket/key' }
    const headers = { host: 'localhost', 'content-type': 'text/plain' }
    const signed = await signer.sign(
      { ...request, headers, body: bytesOf('body') },
      { signingDate: new Date('2026-01-01T00:00:00Z') },
    )
    return signed.headers['authorization']
  }

  const own = await authorizationBy({})
  expect(own).toMatch(/Signature=[0-9a-f]{64}$/)
  expect(await authorizationBy({ sha256: RequestHash })).toBe(own)
})
