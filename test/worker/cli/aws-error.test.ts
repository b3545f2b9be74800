import { HeadBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { explainAwsError } from '../../../worker/cli/aws-error.ts'
import { messageOf } from '../../../worker/cli/exit-code.ts'
import { startEmbeddedEndpoint } from '../../../worker/local/embedded-endpoint.ts'

const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' }

const errorOf = async (
  config: ConstructorParameters<typeof S3Client>[0],
  bucket = 'none',
): Promise<unknown> => {
  const client = new S3Client({ maxAttempts: 1, ...config })
  try {
    await client.send(new ListObjectsV2Command({ Bucket: bucket }))
  } catch (error) {
    return error
  } finally {
    client.destroy()
  }
  throw new Error('the request was answered')
}

test('the message for a missing bucket names what to check: its name, the account and the region', async () => {
  await using endpoint = await startEmbeddedEndpoint(0)
  const error = await errorOf({
    endpoint: endpoint.url,
    region: 'us-east-1',
    credentials: CREDENTIALS,
    forcePathStyle: true,
  })
  expect(messageOf(error, { debug: false })).toMatch(
    /^error: there is no such bucket or queue; check its name, the account and AWS_REGION \(.+\)$/,
  )
})

test('the explanation of a refused connection names AWS_ENDPOINT_URL', async () => {
  const error = await errorOf({
    endpoint: 'http://127.0.0.1:9',
    region: 'us-east-1',
    credentials: CREDENTIALS,
  })
  expect(explainAwsError(error)).toMatch(
    /^no answer; if AWS_ENDPOINT_URL is set, start what listens there \(svd local\).*ECONNREFUSED/,
  )
})

test('the explanation of a missing region names AWS_REGION', async () => {
  const client = new S3Client({
    region: (): Promise<string> => Promise.reject(new Error('Region is missing')),
    credentials: CREDENTIALS,
  })
  const error = await client.send(new HeadBucketCommand({ Bucket: 'none' })).catch((error: unknown) => error)
  expect(explainAwsError(error)).toBe(
    'no AWS region; set AWS_REGION, or a region in the profile (Region is missing)',
  )
})

test.each([
  [
    Object.assign(new Error('Could not load credentials'), { name: 'CredentialsProviderError' }),
    /^no AWS credentials; sign in/,
  ],
  [
    Object.assign(new Error('expired'), { name: 'ExpiredToken', $fault: 'client' }),
    /^AWS does not know these credentials/,
  ],
  [
    Object.assign(new Error('UnknownError'), { name: '403', $metadata: { httpStatusCode: 403 } }),
    /^AWS refuses it.*\(403\)$/,
  ],
  [
    Object.assign(new Error('moved'), {
      name: 'PermanentRedirect',
      $fault: 'client',
      $response: { headers: { 'x-amz-bucket-region': 'eu-central-1' } },
    }),
    /^the bucket is in another region; set AWS_REGION to it, which is eu-central-1 \(moved\)$/,
  ],
])('explainAwsError explains %o', (error, text) => {
  expect(explainAwsError(error)).toMatch(text)
})

test.each([
  new Error('connect ECONNREFUSED'),
  Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
  Object.assign(new Error('odd'), { $metadata: { httpStatusCode: 500 } }),
  'text',
])('explainAwsError returns null for %o', (error) => {
  expect(explainAwsError(error)).toBeNull()
})
