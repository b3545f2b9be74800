import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { openHealthPort } from '../../../worker/telemetry/health-port.ts'
import { type WorkerHealth, watchHealth } from '../../../worker/telemetry/worker-health.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { inRepository } from './in-repository.ts'

const check = (port: string, file = '') =>
  execa(process.execPath, [inRepository('worker/image/check-health.ts')], {
    env: { SVD_HEALTH_PORT: port, SVD_HEALTH_PORT_FILE: file },
    reject: false,
  })

/** The result of the check, `secondsLater` after the events that `prepare` emits. */
const checkOf = async (prepare: (health: WorkerHealth) => void, secondsLater = 0) => {
  let now = 0
  const health = watchHealth({ now: () => now, staleAfterSeconds: 120, stuckAfterSeconds: 3_600 })
  prepare(health)
  now = secondsLater * 1000
  await using port = await openHealthPort({ port: 0, read: health.read })
  return await check(String(port.port))
}

const start = (health: WorkerHealth): void => health.onEvent({ type: 'worker-started', workerId: 'w-1' })

test('check-health.ts reports a running worker as healthy', async () => {
  const { exitCode, stdout } = await checkOf(start)
  expect(exitCode).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ state: 'idle', worker_id: 'w-1' })
})

test('check-health.ts reports a draining worker as healthy', async () => {
  const { exitCode } = await checkOf((health) => {
    start(health)
    health.onEvent({ type: 'draining', reason: 'SIGTERM', secondsLeft: 100 })
  })
  expect(exitCode).toBe(0)
})

test('check-health.ts reports a worker that still fetches its model as healthy for half an hour', async () => {
  expect((await checkOf(() => {}, 1800)).exitCode).toBe(0)
})

test('check-health.ts reports a worker that has not started after an hour as unhealthy', async () => {
  expect((await checkOf(() => {}, 3601)).exitCode).toBe(1)
})

test('check-health.ts reports a worker without heartbeats as unhealthy, with its state', async () => {
  const { exitCode, stderr } = await checkOf(start, 121)
  expect(exitCode).toBe(1)
  expect(stderr).toMatch(/^unhealthy: \{"state":"idle".*"seconds_since_beat":121/)
})

test('check-health.ts reports unhealthy if no process listens on the port', async () => {
  const port = await openHealthPort({
    port: 0,
    read: watchHealth({ now: () => 0, staleAfterSeconds: 1, stuckAfterSeconds: 3_600 }).read,
  })
  await port[Symbol.asyncDispose]()
  const { exitCode, stderr } = await check(String(port.port))
  expect(exitCode).toBe(1)
  expect(stderr).toMatch(/^unhealthy: fetch failed: .*ECONNREFUSED/)
})

test('check-health.ts reports unhealthy if SVD_HEALTH_PORT is not set', async () => {
  expect(await check('')).toMatchObject({ exitCode: 1, stderr: 'unhealthy: SVD_HEALTH_PORT is not set' })
})

test('check-health.ts reads the port of a worker that chose any port from its file', async () => {
  const health = watchHealth({ now: () => 0, staleAfterSeconds: 120, stuckAfterSeconds: 3_600 })
  start(health)
  await using port = await openHealthPort({ port: 0, read: health.read })
  const file = path.join(await temporaryDir(), 'health-port')
  await writeFile(file, `${port.port}\n`)

  expect(await check('0', file)).toMatchObject({ exitCode: 0, stderr: '' })
})

test.each([
  ['', 'unhealthy: SVD_HEALTH_PORT is 0, and SVD_HEALTH_PORT_FILE is not set'],
  ['/nowhere/health-port', expect.stringContaining('ENOENT')],
])('check-health.ts reports unhealthy if it cannot find the port, with the file %j', async (file, stderr) => {
  expect(await check('0', file)).toMatchObject({ exitCode: 1, stderr })
})
