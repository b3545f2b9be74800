import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { openHealthPort } from '../../../worker/telemetry/health-port.ts'
import { watchHealth } from '../../../worker/telemetry/worker-health.ts'
import { anEndedJob, JOB_ID } from './an-ended-job.ts'

const aWorker = async () => {
  const clock = { ms: Date.parse('2026-11-22T10:00:00Z') }
  const health = watchHealth({ now: () => clock.ms, staleAfterSeconds: 60, stuckAfterSeconds: 3_600 })
  const port = await openHealthPort({ port: 0, read: health.read })
  onTestFinished(() => port[Symbol.asyncDispose]())
  const ask = async (path = '/health', method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${port.port}${path}`, { method })
    const text = await response.text()
    return { status: response.status, body: text === '' ? null : JSON.parse(text), response }
  }
  return { clock, health, port, ask }
}

describe('GET /health', () => {
  test('answers 503 until the worker has started, then 200, with exactly these keys', async () => {
    const { health, ask } = await aWorker()
    const common = {
      jobs: [],
      jobs_done: 0,
      last_beat_at: '2026-11-22T10:00:00.000Z',
      seconds_since_beat: 0,
      seconds_since_progress: null,
    }
    const before = await ask()
    expect([before.status, before.body]).toEqual([503, { state: 'starting', worker_id: null, ...common }])
    health.onEvent({ type: 'worker-started', workerId: 'worker-1' })
    const after = await ask()
    expect([after.status, after.body]).toEqual([200, { state: 'idle', worker_id: 'worker-1', ...common }])
    expect(after.response.headers.get('content-type')).toBe('application/json')
  })

  test('returns the jobs under way and the number of completed jobs', async () => {
    const { health, ask } = await aWorker()
    health.onEvent({ type: 'worker-started', workerId: 'worker-1' })
    health.onEvent({ type: 'job-received', jobId: JOB_ID, attempt: 1, waitingSeconds: 0 })
    health.onEvent({ type: 'job-stage', jobId: JOB_ID, stage: 'rendering' })
    health.onEvent({ type: 'job-received', jobId: 'next', attempt: 1, waitingSeconds: 0 })
    expect((await ask()).body).toMatchObject({
      state: 'working',
      jobs: [
        { job_id: JOB_ID, stage: 'rendering' },
        { job_id: 'next', stage: 'received' },
      ],
    })
    health.onEvent({ type: 'job-done', jobId: JOB_ID, result: anEndedJob() })
    health.onEvent({ type: 'job-released', jobId: 'next', reason: 'SIGTERM' })
    expect((await ask()).body).toMatchObject({ state: 'idle', jobs: [], jobs_done: 1 })
  })

  test('answers 503 after 60 s without a heartbeat, and 200 after the next heartbeat', async () => {
    const { clock, health, ask } = await aWorker()
    health.onEvent({ type: 'worker-started', workerId: 'worker-1' })
    clock.ms += 60_000
    expect((await ask()).status).toBe(200)
    clock.ms += 1
    const { status, body } = await ask()
    expect([status, body.seconds_since_beat]).toEqual([503, 60.001])
    health.beat()
    expect((await ask()).status).toBe(200)
  })

  test('answers 503 after an hour without progress of a job, although heartbeats continue', async () => {
    const { clock, health, ask } = await aWorker()
    health.onEvent({ type: 'worker-started', workerId: 'worker-1' })
    health.onEvent({ type: 'job-received', jobId: JOB_ID, attempt: 1, waitingSeconds: 0 })
    const progress = { phase: 'denoise', step: 1, steps: 25 } as const
    health.onEvent({ type: 'job-progress', jobId: JOB_ID, progress })
    clock.ms += 3_600_000
    health.beat()
    expect((await ask()).status).toBe(200)
    clock.ms += 1
    health.onEvent({ type: 'dead-letter-recorded', messageId: 'message', jobId: 'another' })
    const { status, body } = await ask()
    expect([status, body.seconds_since_progress]).toEqual([503, 3600.001])
    health.onEvent({ type: 'job-progress', jobId: JOB_ID, progress })
    expect((await ask()).status).toBe(200)
    health.onEvent({ type: 'job-done', jobId: JOB_ID, result: anEndedJob() })
    clock.ms += 7_200_000
    health.beat()
    expect((await ask()).status).toBe(200)
  })

  test('answers 200 while the worker drains, and 503 when it has stopped', async () => {
    const { health, ask } = await aWorker()
    health.onEvent({ type: 'worker-started', workerId: 'worker-1' })
    health.onEvent({ type: 'draining', reason: 'SIGTERM', secondsLeft: null })
    const draining = await ask()
    expect([draining.status, draining.body.state]).toEqual([200, 'draining'])
    health.onEvent({ type: 'worker-stopped', reason: 'SIGTERM', jobs: 0 })
    const stopped = await ask()
    expect([stopped.status, stopped.body.state]).toEqual([503, 'stopped'])
  })
})

describe('the health port', () => {
  test.each(['/', '/health/', '/health?x=1', '/metrics', '/../health'.replace('..', 'a')])(
    'answers 404 at %s',
    async (path) => {
      const { ask } = await aWorker()
      expect((await ask(path)).status).toBe(404)
    },
  )

  test('answers 405 to methods other than GET and HEAD', async () => {
    const { ask } = await aWorker()
    const { status, response } = await ask('/health', 'POST')
    expect([status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect((await ask('/health', 'HEAD')).body).toBeNull()
  })

  test('names its address in the error when the address is already in use', async () => {
    const { port, health } = await aWorker()
    const second = openHealthPort({ port: port.port, read: health.read })
    await expect(second).rejects.toThrow(`127.0.0.1:${port.port} cannot be listened on (EADDRINUSE)`)
    await expect(second).rejects.toBeInstanceOf(InvalidInputError)
  })
})

describe('a request to the health port', () => {
  const askAs = async (port: number, headers: Readonly<Record<string, string>>) => {
    const { promise, resolve, reject } = Promise.withResolvers<[number | undefined, string]>()
    request({ host: '127.0.0.1', port, path: '/health', headers })
      .once('error', reject)
      .once('response', async (response) => resolve([response.statusCode, await text(response)]))
      .end()
    return promise
  }

  test.each([
    [{ host: 'evil.example' }, "Host: got 'evil.example'"],
    [{ origin: 'https://evil.example' }, "Origin: got 'https://evil.example'"],
    [{ 'sec-fetch-site': 'cross-site' }, "Sec-Fetch-Site: got 'cross-site'"],
  ])('gets status 403 and no job data when it has the headers %j', async (headers, message) => {
    const { port } = await aWorker()
    const [status, body] = await askAs(port.port, headers)
    expect([status, body]).toEqual([403, expect.stringContaining(message)])
    expect(body).not.toContain('jobs')
  })

  test('gets the status under any host name when the port listens on all addresses', async () => {
    const { read } = watchHealth({ now: Date.now, staleAfterSeconds: 60, stuckAfterSeconds: 3_600 })
    await using port = await openHealthPort({ host: '0.0.0.0', port: 0, read })
    const [status] = await askAs(port.port, { host: 'workers.internal' })
    expect(status).toBe(503)
  })
})
