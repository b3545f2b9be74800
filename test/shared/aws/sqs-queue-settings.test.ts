import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqsClient } from '../../../shared/aws/clients.ts'
import { readSqsQueueSettings } from '../../../shared/aws/sqs-queue-settings.ts'
import { MAX_JOB_RECEIVES } from '../../../shared/contracts/job-message.ts'
import { type EmbeddedEndpoint, startEmbeddedEndpoint } from '../../../worker/local/embedded-endpoint.ts'

const signal = new AbortController().signal
let endpoint: EmbeddedEndpoint
let client: ReturnType<typeof openSqsClient>

beforeAll(async () => {
  endpoint = await startEmbeddedEndpoint(0)
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  client = openSqsClient({ endpoint: endpoint.url, region: 'us-east-1', credentials })
})

afterAll(async () => {
  client?.destroy()
  await endpoint?.[Symbol.asyncDispose]()
})

test('tells after how many deliveries a queue gives a message up', async () => {
  expect(await readSqsQueueSettings(client, endpoint.deployment.jobsQueueUrl, signal)).toEqual({
    maxReceiveCount: MAX_JOB_RECEIVES,
  })
})

test('tells that a queue never does', async () => {
  expect(await readSqsQueueSettings(client, endpoint.deployment.deadLetterQueueUrl, signal)).toEqual({
    maxReceiveCount: null,
  })
})

test('throws what SQS says of a queue that is not there', async () => {
  const url = `${endpoint.url}/000000000000/gone`
  await expect(readSqsQueueSettings(client, url, signal)).rejects.toThrow()
})
