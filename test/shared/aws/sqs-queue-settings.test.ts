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

test('the settings of a queue have its maxReceiveCount', async () => {
  expect(await readSqsQueueSettings(client, endpoint.deployment.jobsQueueUrl, signal)).toEqual({
    maxReceiveCount: MAX_JOB_RECEIVES,
  })
})

test('the settings of a queue without a redrive policy have no maxReceiveCount', async () => {
  expect(await readSqsQueueSettings(client, endpoint.deployment.deadLetterQueueUrl, signal)).toEqual({
    maxReceiveCount: null,
  })
})

test("the settings of a missing queue fail with SQS's error", async () => {
  const url = `${endpoint.url}/000000000000/gone`
  await expect(readSqsQueueSettings(client, url, signal)).rejects.toThrow()
})
