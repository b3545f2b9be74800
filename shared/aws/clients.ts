import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs'
import { RequestHash } from './request-hash.ts'

/*
 * The SDK reads the standard AWS environment itself: AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3,
 * AWS_ENDPOINT_URL_SQS, AWS_MAX_ATTEMPTS, AWS_RETRY_MODE and their names in profiles. Here stands only what it leaves
 * open.
 */

/** A request that has moved no byte for so long is given up, and made again. Above the 20 s of a long poll. */
const IDLE_SOCKET_MS = 30_000
const CONNECT_MS = 5_000

/** The SDK's own default of 3 gives up within half a second. */
const MAX_ATTEMPTS = 6

/** Settings that all AWS clients of this project share. */
export const transport = () => ({
  requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: IDLE_SOCKET_MS },
  sha256: RequestHash,
  ...(process.env['AWS_MAX_ATTEMPTS'] === undefined && { maxAttempts: MAX_ATTEMPTS }),
})

const AWS_HOST = /\.amazonaws\.com(\.cn)?$/

/**
 * `config` goes before the environment.
 * An endpoint of one's own gets the bucket in the path, as with AWS's command line and Python SDK: few have a DNS name
 * for each bucket. The SDK knows the endpoint, wherever it comes from, only when it resolves a request's address.
 */
export const openS3Client = (config: S3ClientConfig = {}): S3Client => {
  const client = new S3Client({ ...transport(), ...config })
  const resolve = client.config.endpointProvider
  client.config.endpointProvider = (parameters, context) => {
    const endpoint = parameters.Endpoint
    const ours = endpoint !== undefined && !AWS_HOST.test(new URL(endpoint).hostname)
    return resolve(ours ? { ...parameters, ForcePathStyle: true } : parameters, context)
  }
  return client
}

/**
 * `config` goes before the environment. Requests go to the endpoint that is configured, not to the host in a queue's
 * URL, which an emulator makes up.
 */
export const openSqsClient = (config: SQSClientConfig = {}): SQSClient =>
  new SQSClient({ ...transport(), useQueueUrlAsEndpoint: false, ...config })
