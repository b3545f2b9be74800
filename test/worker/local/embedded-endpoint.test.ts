import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { MAX_JOB_RECEIVES } from '../../../shared/contracts/job-message.ts'
import { openAwsServices } from '../../../worker/aws/aws-services.ts'
import { startEmbeddedEndpoint } from '../../../worker/local/embedded-endpoint.ts'

const signal = new AbortController().signal

test('the endpoint has the buckets and queues of a deployment and listens on 127.0.0.1 only', async () => {
  await using endpoint = await startEmbeddedEndpoint(0)
  await using services = openAwsServices(endpoint.clientConfig)
  const { inputBucket, outputBucket, jobsQueueUrl, deadLetterQueueUrl } = endpoint.deployment

  expect(endpoint.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  for (const bucket of [inputBucket, outputBucket]) {
    const store = services.openBucket(bucket)
    expect(await store.create('a.txt', Buffer.from('a'), { contentType: 'text/plain' }, signal)).toBe(true)
  }
  for (const url of [jobsQueueUrl, deadLetterQueueUrl])
    expect(await services.openQueue(url).depth(signal)).toEqual({ visible: 0, inFlight: 0, delayed: 0 })
})

test('the endpoint moves a message to the dead-letter queue after as many receives as in a deployment', async () => {
  await using endpoint = await startEmbeddedEndpoint(0)
  await using services = openAwsServices(endpoint.clientConfig)
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

test('the environment of the endpoint has all variables that a client in another process needs', async () => {
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

test('the endpoint keeps the connection of a client after a 404', async () => {
  await using endpoint = await startEmbeddedEndpoint(0)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const head = () => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const asked = request(`${endpoint.url}/svd-output/jobs/a/result.json`, { method: 'HEAD', agent })
    asked.once('error', reject).once('response', (response) => {
      const { statusCode } = response.resume()
      response.once('end', () => resolve({ statusCode, reusedSocket: asked.reusedSocket }))
    })
    asked.end()
    return promise
  }

  expect(await head()).toEqual({ statusCode: 404, reusedSocket: false })
  expect(await head()).toEqual({ statusCode: 404, reusedSocket: true })
  agent.destroy()
})

interface Asked {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** As a browser may: `fetch` sets its own Host. */
const ask = async (url: string, { method = 'GET', path = '/', headers = {}, body = '' }: Asked) => {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined; text: string }>()
  request(url + path, { method, headers })
    .once('error', reject)
    .once('response', async (response) =>
      resolve({ status: response.statusCode, text: await text(response) }),
    )
    .end(body)
  return promise
}

/** The request of an HTML form that its reader, or a script, submits. */
const formUpload = async (): Promise<Asked> => {
  const form = new FormData()
  form.set('key', 'images/evil.png')
  form.set('file', new Blob(['evil']), 'evil.png')
  const encoded = new Response(form)
  const contentType = encoded.headers.get('content-type') ?? ''
  const body = Buffer.from(await encoded.arrayBuffer())
  return { method: 'POST', path: '/svd-input', headers: { 'content-type': contentType }, body }
}

const ORIGIN = { origin: 'https://evil.example' }
const HOST = { host: 'evil.example' }

describe('a web page', () => {
  test('cannot upload by a form', async () => {
    await using endpoint = await startEmbeddedEndpoint(0)
    await using services = openAwsServices(endpoint.clientConfig)
    const upload = await formUpload()
    const answers = await Promise.all(
      [ORIGIN, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }].map((from) =>
        ask(endpoint.url, { ...upload, headers: { ...upload.headers, ...from } }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403])
    expect(answers[0]?.text).toContain("Origin: got 'https://evil.example'; this server takes no requests")
    const store = services.openBucket(endpoint.deployment.inputBucket)
    expect(await store.head('images/evil.png', signal)).toBeNull()
  })

  test('cannot list buckets through a host name of its own that resolves to this machine', async () => {
    await using endpoint = await startEmbeddedEndpoint(0)
    const { status, text } = await ask(endpoint.url, { headers: HOST })
    expect([status, text]).toEqual([403, expect.stringContaining("Host: got 'evil.example'; must be")])
    expect(text).not.toContain('svd-input')
  })

  test.each<Asked>([
    { method: 'PUT', path: '/svd-input/images/a.png', body: 'evil' },
    { method: 'OPTIONS', path: '/svd-input/images/a.png' },
    { method: 'DELETE', path: '/svd-input' },
    { path: '/svd-output' },
    { path: '/health' },
    { path: '/_fauxqs/queues' },
    { path: '/nowhere/at/all' },
    { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' },
    {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'Action=ListTopics',
    },
    { method: 'POST', headers: { 'content-type': 'application/x-amz-json-1.0' }, body: '{}' },
  ])('gets status 403 for the request %j', async (asked) => {
    await using endpoint = await startEmbeddedEndpoint(0)
    for (const from of [ORIGIN, HOST]) {
      const { status, text } = await ask(endpoint.url, { ...asked, headers: { ...asked.headers, ...from } })
      expect([status, text]).toEqual([403, expect.stringContaining('<Code>AccessDenied</Code>')])
    }
  })
})

test('the endpoint accepts a request to localhost too', async () => {
  await using endpoint = await startEmbeddedEndpoint(0)
  const { port } = new URL(endpoint.url)
  const { status, text } = await ask(endpoint.url, { headers: { host: `localhost:${port}` } })
  expect([status, text]).toEqual([200, expect.stringContaining('svd-input')])
})
