import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { startFauxqs } from 'fauxqs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openS3Client, openSqsClient } from '../../../shared/aws/clients.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const SCRIPT = fileURLToPath(new URL('./show-endpoint.ts', import.meta.url))
const NOWHERE = 'http://127.0.0.1:1'
const ACCOUNT = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }

describe('the standard AWS environment', () => {
  let server: Awaited<ReturnType<typeof startFauxqs>>
  let queueUrl: string
  /** The endpoint by its host name, because `bucket.localhost` does not resolve. */
  let endpoint: string

  beforeAll(async () => {
    server = await startFauxqs({ port: 0, logger: false })
    endpoint = `http://localhost:${server.port}`
    server.createBucket('bucket')
    queueUrl = server.createQueue('jobs').queueUrl
    server.sendMessage('jobs', 'a job')
  })
  afterAll(() => server.stop())

  const show = async (environment: Readonly<Record<string, string>>) => {
    // PATH and the like, but no AWS setting of the person who runs the tests.
    const { PATH = '' } = process.env
    const nowhere = join(await temporaryDir(), 'none')
    const { stdout } = await execa(process.execPath, [SCRIPT, 'bucket', queueUrl], {
      extendEnv: false,
      env: {
        ...{ PATH, AWS_CONFIG_FILE: nowhere, AWS_SHARED_CREDENTIALS_FILE: nowhere },
        ...{ AWS_EC2_METADATA_DISABLED: 'true', AWS_MAX_ATTEMPTS: '1', ...environment },
      },
    })
    return JSON.parse(stdout)
  }

  test('sets the endpoint of all services', async () => {
    expect(await show({ ...ACCOUNT, AWS_ENDPOINT_URL: endpoint })).toEqual({ keys: [], visible: 1 })
  })

  test('sets the endpoint of each service, which overrides the common endpoint', async () => {
    const endpoints = {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_ENDPOINT_URL_SQS: endpoint,
      AWS_ENDPOINT_URL: NOWHERE,
    }
    expect(await show({ ...ACCOUNT, ...endpoints })).toEqual({ keys: [], visible: 1 })
  })

  test('sets endpoints, region and credentials by a profile', async () => {
    const file = join(await temporaryDir(), 'config')
    const profile = [
      ...['[profile here]', 'region = us-east-1', 'services = mine'],
      ...['aws_access_key_id = a', 'aws_secret_access_key = b'],
      ...['[services mine]', 's3 =', `  endpoint_url = ${endpoint}`, 'sqs =', `  endpoint_url = ${endpoint}`],
    ]
    await writeFile(file, profile.join('\n'))
    expect(await show({ AWS_CONFIG_FILE: file, AWS_PROFILE: 'here' })).toEqual({ keys: [], visible: 1 })
  })
})

describe('addresses of buckets', () => {
  const hrefOf = (endpoint?: string): string => {
    const client = openS3Client({ region: 'eu-west-1' })
    const asked = {
      Bucket: 'bucket',
      Region: 'eu-west-1',
      ...(endpoint !== undefined && { Endpoint: endpoint }),
    }
    return client.config.endpointProvider(asked).url.href
  }

  test('have the bucket as host name on AWS, and as path at another endpoint', () => {
    expect(hrefOf()).toBe('https://bucket.s3.eu-west-1.amazonaws.com/')
    expect(hrefOf('https://s3.dualstack.eu-west-1.amazonaws.com')).toBe(
      'https://bucket.s3.dualstack.eu-west-1.amazonaws.com/',
    )
    expect(hrefOf('https://storage.example:9000')).toBe('https://storage.example:9000/bucket')
  })
})

test('an AWS client sends a request up to six times', async () => {
  expect(await openS3Client({ region: 'eu-west-1' }).config.maxAttempts()).toBe(6)
  expect(await openSqsClient({ region: 'eu-west-1' }).config.maxAttempts()).toBe(6)
})
