import { expect, test } from 'vitest'
import { LeaseLostError } from '../../../shared/ports/message-queue.ts'
import {
  holdLease,
  LEASE_OPTIONS,
  LeaseTooLongError,
  longestPollSeconds,
} from '../../../worker/queue/hold-lease.ts'
import type { Faults } from '../../fixtures/faults.ts'
import { openMemoryMessageQueue, type QueueOperation } from '../../fixtures/memory-message-queue.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { dateAt, virtualClock } from '../../fixtures/virtual-clock.ts'
import { openVirtualTime } from '../../fixtures/virtual-time.ts'

const HOUR = 3_600

const aLease = async (
  faults: Faults<QueueOperation> = {},
  { arrivedSeconds = 0, options = LEASE_OPTIONS } = {},
) => {
  const time = openVirtualTime()
  const clock = virtualClock(time)
  const now = (): number => dateAt(time.nowMs()).getTime()
  const seconds = (): number => time.nowMs() / 1000
  const beats: number[] = []
  const queue = openMemoryMessageQueue({
    now,
    faults: {
      async before(operation, subject) {
        if (operation === 'setVisibility') beats.push(seconds())
        await faults.before?.(operation, subject)
      },
    },
  })
  await queue.send([{ body: '{}', groupId: 'a' }], unaborted)
  time.after(arrivedSeconds * 1000, () => {})
  await time.runUntil(() => seconds() >= arrivedSeconds, arrivedSeconds * 1000)
  const { visibilitySeconds } = options
  const [message] = await queue.receive({ maxMessages: 1, waitSeconds: 0, visibilitySeconds }, unaborted)
  const { receiptHandle, receiveCount } = message!
  const claim = holdLease(queue, { receiptHandle, receiveCount, requestedMs: 0 }, { clock, options })
  let lostAt: number | null = null
  claim.signal.addEventListener('abort', () => {
    lostAt = seconds()
  })
  return {
    claim,
    clock,
    queue,
    beats,
    time,
    until: (atSeconds: number): Promise<void> => {
      time.after(atSeconds * 1000 - time.nowMs(), () => {})
      return time.runUntil(() => seconds() >= atSeconds, atSeconds * 1000)
    },
    lostAt: () => lostAt,
    reason: () => claim.signal.reason,
    visibleInSeconds: () => ((queue.messages()[0]?.visibleAtMs ?? Number.NaN) - now()) / 1000,
    /** Delivers the message to another worker, as the queue does. */
    giveAway: () => {
      Object.assign(queue.messages()[0]!, { visibleAtMs: now() })
      return queue.receive({ maxMessages: 1, waitSeconds: 0, visibilitySeconds: 120 }, unaborted)
    },
  }
}

test('a heartbeat every 20 s keeps a leased message invisible to other workers', async () => {
  const { until, visibleInSeconds, beats, lostAt } = await aLease()

  await until(1 * HOUR + 1)

  expect(beats.length).toBe(180)
  expect(visibleInSeconds()).toBe(119)
  expect(lostAt()).toBe(null)
})

test('a lease is lost at the next heartbeat after SQS delivered the message to another worker', async () => {
  const { claim, until, giveAway, lostAt, reason } = await aLease()
  await until(30)

  await giveAway()
  await until(41)

  expect(lostAt()).toBe(40)
  expect(reason()).toBeInstanceOf(LeaseLostError)
  expect(() => claim.assertHeld()).toThrow(LeaseLostError)
})

test('a failed heartbeat is retried before the next one is due', async () => {
  let away = false
  const { until, beats, lostAt } = await aLease({
    before() {
      if (away) throw new Error('503')
    },
  })
  await until(30)
  away = true
  await until(41.5)
  away = false
  await until(50)

  expect(beats).toEqual([20, 40, 41, 43])
  expect(lostAt()).toBe(null)
})

test('a lease is lost when every heartbeat fails until the visibility timeout ends', async () => {
  const { claim, until, lostAt, reason } = await aLease({
    before(operation) {
      if (operation === 'setVisibility') throw new Error('503')
    },
  })

  await until(119)
  expect(lostAt()).toBe(null)
  claim.assertHeld()
  await until(121)

  expect(lostAt()).toBe(120)
  expect(reason()).toBeInstanceOf(LeaseLostError)
})

test('a lease is lost at the end of the visibility timeout when a heartbeat is never answered', async () => {
  const { until, lostAt } = await aLease({
    before: (operation) => (operation === 'setVisibility' ? new Promise(() => {}) : undefined),
  })

  await until(121)

  expect(lostAt()).toBe(120)
})

test('assertHeld throws after the process slept past the visibility timeout, before any timer runs', async () => {
  const { claim, clock } = await aLease()
  const sleptUntilMs = 500_000
  clock.elapsedMs = () => sleptUntilMs

  expect(() => claim.assertHeld()).toThrow(LeaseLostError)
})

test('a lease stops its job 60 s before its 12 hours end, while the message is still invisible', async () => {
  const { claim, until, lostAt, reason, visibleInSeconds } = await aLease()

  await until(12 * HOUR - 30)

  expect(lostAt()).toBe(12 * HOUR - 60)
  expect(reason()).toBeInstanceOf(LeaseTooLongError)
  claim.assertHeld()
  expect(visibleInSeconds()).toBeGreaterThan(0)
})

test('a job that runs on until the 12 hours end loses its lease', async () => {
  const { claim, until } = await aLease()

  await until(12 * HOUR)

  expect(() => claim.assertHeld()).toThrow(LeaseLostError)
})

test('heartbeats end when the worker removes the message', async () => {
  const { claim, until, queue, beats } = await aLease()
  await until(30)

  await claim.remove(unaborted)
  await until(300)

  expect(queue.messages()).toEqual([])
  expect(beats).toEqual([20])
})

test('heartbeats end when the worker returns the message to the queue with a delay', async () => {
  const { claim, until, visibleInSeconds, beats } = await aLease()
  await until(30)

  await claim.handBack(45, unaborted)
  await until(40)

  expect(visibleInSeconds()).toBe(35)
  expect(beats).toEqual([20, 30])
})

test('a message is returned to the queue only after the heartbeat under way has ended', async () => {
  const gate = Promise.withResolvers<void>()
  let calls = 0
  const { claim, until, visibleInSeconds } = await aLease({
    before: (operation) => (operation === 'setVisibility' && calls++ === 0 ? gate.promise : undefined),
  })
  await until(20)

  const handingBack = claim.handBack(0, unaborted)
  gate.resolve()
  await handingBack

  expect(visibleInSeconds()).toBe(0)
})

test('a lease is renewed at once when its message arrived late in a long poll', async () => {
  const short = { beatSeconds: 3, visibilitySeconds: 10, marginSeconds: 60 }
  const { until, lostAt, beats, claim } = await aLease({}, { arrivedSeconds: 4, options: short })

  await until(60)

  expect(beats.slice(0, 3)).toEqual([4, 7, 10])
  expect(lostAt()).toBe(null)
  claim.assertHeld()
})

test.each([
  [120, 20, 20],
  [60, 20, 20],
  [10, 3, 4],
  [10.5, 3, 4],
  [10, 1, 8],
  [6, 2, 2],
])(
  'with a visibility timeout of %s s and a heartbeat every %s s, a long poll takes at most %s s',
  (visibilitySeconds, beatSeconds, longest) => {
    expect(longestPollSeconds({ visibilitySeconds, beatSeconds, marginSeconds: 60 })).toBe(longest)
  },
)
