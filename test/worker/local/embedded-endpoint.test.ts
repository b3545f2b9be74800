import { expect, test } from 'vitest'
import { MAX_JOB_RECEIVES } from '../../../shared/contracts/job-message.ts'
import { openAwsServices } from '../../../worker/cli/aws-services.ts'
import { startEmbeddedEndpoint } from '../../../worker/local/embedded-endpoint.ts'

const signal = new AbortController().signal

test('has the buckets and queues of a deployment, for this machine alone', async () => {
  await using endpoint = await startEmbeddedEndpoint(0)
  await using services = openAwsServices(endpoint.place)
  const { inputBucket, outputBucket, jobsQueueUrl, deadLetterQueueUrl } = endpoint.deployment

  expect(endpoint.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  for (const bucket of [inputBucket, outputBucket]) {
    const store = services.openBucket(bucket)
    expect(await store.create('a.txt', Buffer.from('a'), { contentType: 'text/plain' }, signal)).toBe(true)
  }
  for (const url of [jobsQueueUrl, deadLetterQueueUrl])
    expect(await services.openQueue(url).depth(signal)).toEqual({ visible: 0, inFlight: 0, delayed: 0 })
})

test('moves a message that was taken as often as in a deployment to the dead letters', async () => {
  await using endpoint = await startEmbeddedEndpoint(0)
  await using services = openAwsServices(endpoint.place)
  const jobs = services.openQueue(endpoint.deployment.jobsQueueUrl)
  const deadLetters = services.openQueue(endpoint.deployment.deadLetterQueueUrl)
  await jobs.send([{ body: 'x', groupId: 'g' }], signal)

  const options = { maxMessages: 1, waitSeconds: 0, visibilitySeconds: 30 }
  const counts: number[] = []
  for (let attempt = 1; attempt <= MAX_JOB_RECEIVES + 1; attempt++) {
    for (const message of await jobs.receive(options, signal)) {
      counts.push(message.receiveCount)
      await jobs.setVisibility(message.receiptHandle, 0, signal)
    }
  }

  expect(counts).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
  expect((await deadLetters.receive(options, signal)).map(({ body }) => body)).toEqual(['x'])
})

test('tells a client of another process all that it needs', async () => {
  await using endpoint = await startEmbeddedEndpoint(0)
  expect(Object.keys(endpoint.environment)).toEqual([
    'AWS_ENDPOINT_URL',
    'AWS_REGION',
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'SVD_INPUT_BUCKET',
    'SVD_OUTPUT_BUCKET',
    'SVD_JOBS_QUEUE_URL',
    'SVD_DEAD_LETTER_QUEUE_URL',
  ])
})
