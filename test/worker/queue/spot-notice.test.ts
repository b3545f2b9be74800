import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { Clock } from '../../../worker/jobs/clock.ts'
import type { DrainNotice } from '../../../worker/queue/drain.ts'
import { watchForSpotNotice } from '../../../worker/queue/spot-notice.ts'
import { dateAt } from '../../fixtures/virtual-clock.ts'

const ACTION = '/latest/meta-data/spot/instance-action'
const REBALANCE = '/latest/meta-data/events/recommendations/rebalance'

/** The metadata service of an instance, on this machine. `answers` by path; what is not there is 404. */
const aMetadataService = async (answers: Record<string, string>) => {
  const state = { answers, looks: 0, tokens: 0, away: false }
  const server = createServer((request, response) => {
    const end = (status: number, body = ''): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(body)
    }
    if (state.away) return end(503)
    if (request.url === '/latest/api/token') {
      const seconds = request.headers['x-aws-ec2-metadata-token-ttl-seconds']
      return request.method === 'PUT' && seconds !== undefined
        ? end(200, `token-${++state.tokens}`)
        : end(400)
    }
    if (request.headers['x-aws-ec2-metadata-token'] !== `token-${state.tokens}`) return end(401)
    if (request.url === ACTION) state.looks++
    const body = state.answers[request.url ?? '']
    return body === undefined ? end(404) : end(200, body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
  })
  return { state, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** Five seconds are as long as `onSleep`; a limit is never reached. */
const aClock = (onSleep: (looks: number) => void | Promise<void>): Clock => {
  let looks = 0
  return {
    now: () => dateAt(0),
    elapsedMs: () => 0,
    async sleep(ms, signal) {
      if (ms !== 5_000) return new Promise(() => {})
      await nextTurn()
      await onSleep(++looks)
      signal.throwIfAborted()
    },
  }
}

const watch = async (
  answers: Record<string, string>,
  onSleep: (
    looks: number,
    service: Awaited<ReturnType<typeof aMetadataService>>['state'],
    stop: AbortController,
  ) => void = () => {},
) => {
  const { state, endpoint } = await aMetadataService(answers)
  const stop = new AbortController()
  const notices: DrainNotice[] = []
  await watchForSpotNotice(
    {
      endpoint,
      clock: aClock((looks) => onSleep(looks, state, stop)),
      fetch,
      notify: (notice) => notices.push(notice),
    },
    stop.signal,
  )
  return { notices, state }
}

test('tells of an interruption, and how long there is until then', async () => {
  const { notices } = await watch({ [ACTION]: '{"action": "terminate", "time": "2026-01-01T00:01:57Z"}' })

  expect(notices).toEqual([{ reason: 'Spot interruption', secondsLeft: 117 }])
})

test('goes on looking until there is something to tell', async () => {
  const { notices, state } = await watch({}, (looks, { answers }) => {
    if (looks === 3) answers[ACTION] = '{"action": "stop", "time": "2026-01-01T00:02:00Z"}'
  })

  expect(state.looks).toBe(4)
  expect(notices).toEqual([{ reason: 'Spot interruption', secondsLeft: 120 }])
})

test('tells of a recommendation to leave once, and still looks for the interruption', async () => {
  const { notices } = await watch(
    { [REBALANCE]: '{"noticeTime": "2026-01-01T00:00:00Z"}' },
    (looks, { answers }) => {
      if (looks === 3) answers[ACTION] = '{"action": "terminate", "time": "2026-01-01T00:02:00Z"}'
    },
  )

  expect(notices).toEqual([
    { reason: 'Spot rebalance recommendation', secondsLeft: null },
    { reason: 'Spot interruption', secondsLeft: 120 },
  ])
})

test('an answer that does not say when means two minutes', async () => {
  const { notices } = await watch({ [ACTION]: 'soon' })

  expect(notices).toEqual([{ reason: 'Spot interruption', secondsLeft: 120 }])
})

test('a service that is away is asked again', async () => {
  const { notices } = await watch({ [ACTION]: '{"time": "2026-01-01T00:02:00Z"}' }, (looks, state) => {
    state.away = looks < 3
  })

  expect(notices.length).toBe(1)
})

test('a token that is not valid any more is replaced', async () => {
  const { notices, state } = await watch({}, (looks, service) => {
    if (looks === 1) service.tokens++
    if (looks === 3) service.answers[ACTION] = '{"time": "2026-01-01T00:02:00Z"}'
  })

  expect(state.tokens).toBeGreaterThanOrEqual(3)
  expect(notices.length).toBe(1)
})

test('ends when it is told to', async () => {
  const { notices, state } = await watch({}, (looks, _, stop) => {
    if (looks === 2) stop.abort()
  })

  expect(state.looks).toBe(2)
  expect(notices).toEqual([])
})
