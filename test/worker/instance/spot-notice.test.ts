import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Clock } from '../../../shared/clock.ts'
import { openInstanceMetadata } from '../../../worker/instance/instance-metadata.ts'
import { watchForSpotNotice } from '../../../worker/instance/spot-notice.ts'
import type { DrainNotice } from '../../../worker/queue/drain.ts'
import { aMetadataService } from '../../fixtures/metadata-service.ts'
import { dateAt } from '../../fixtures/virtual-clock.ts'

const ACTION = '/latest/meta-data/spot/instance-action'
const REBALANCE = '/latest/meta-data/events/recommendations/rebalance'

/** A clock whose sleeps of 5 s end after `onSleep`. Its other sleeps are time limits, which never end. */
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
  const clock = aClock((looks) => onSleep(looks, state, stop))
  const metadata = openInstanceMetadata({ endpoint, clock, fetch })
  await watchForSpotNotice({ metadata, clock, notify: (notice) => notices.push(notice) }, stop.signal)
  return { notices, state }
}

const looksAtAction = ({ looks }: { readonly looks: readonly string[] }): number =>
  looks.filter((path) => path === ACTION).length

test('the watch reports a Spot interruption with the seconds left until it', async () => {
  const { notices } = await watch({ [ACTION]: '{"action": "terminate", "time": "2026-01-01T00:01:57Z"}' })

  expect(notices).toEqual([{ reason: 'Spot interruption', secondsLeft: 117 }])
})

test('the watch polls until the metadata service has an interruption notice', async () => {
  const { notices, state } = await watch({}, (looks, { answers }) => {
    if (looks === 3) answers[ACTION] = '{"action": "stop", "time": "2026-01-01T00:02:00Z"}'
  })

  expect(looksAtAction(state)).toBe(4)
  expect(notices).toEqual([{ reason: 'Spot interruption', secondsLeft: 120 }])
})

test('the watch ignores a rebalance recommendation and reports the later interruption notice', async () => {
  const { notices } = await watch(
    { [REBALANCE]: '{"noticeTime": "2026-01-01T00:00:00Z"}' },
    (looks, { answers }) => {
      if (looks === 3) answers[ACTION] = '{"action": "terminate", "time": "2026-01-01T00:02:00Z"}'
    },
  )

  expect(notices).toEqual([{ reason: 'Spot interruption', secondsLeft: 120 }])
})

test('an interruption notice without a valid time counts as 120 s left', async () => {
  const { notices } = await watch({ [ACTION]: 'soon' })

  expect(notices).toEqual([{ reason: 'Spot interruption', secondsLeft: 120 }])
})

test('the watch polls again after the metadata service did not answer', async () => {
  const { notices } = await watch({ [ACTION]: '{"time": "2026-01-01T00:02:00Z"}' }, (looks, state) => {
    state.away = looks < 3
  })

  expect(notices.length).toBe(1)
})

test('the watch replaces a metadata token that is no longer valid', async () => {
  const { notices, state } = await watch({}, (looks, service) => {
    if (looks === 1) service.tokens++
    if (looks === 3) service.answers[ACTION] = '{"time": "2026-01-01T00:02:00Z"}'
  })

  expect(state.tokens).toBeGreaterThanOrEqual(3)
  expect(notices.length).toBe(1)
})

test('the watch ends when its signal aborts', async () => {
  const { notices, state } = await watch({}, (looks, _, stop) => {
    if (looks === 2) stop.abort()
  })

  expect(looksAtAction(state)).toBe(2)
  expect(notices).toEqual([])
})
