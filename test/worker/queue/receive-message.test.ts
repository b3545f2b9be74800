import { expect, test } from 'vitest'
import type { MessageQueue, ReceivedMessage } from '../../../shared/ports/message-queue.ts'
import { openReceiver, type Received } from '../../../worker/queue/receive-message.ts'
import type { WorkerLogEvent } from '../../../worker/telemetry/worker-event.ts'
import { openMemoryMessageQueue } from '../../fixtures/memory-message-queue.ts'
import { dateAt, virtualClock } from '../../fixtures/virtual-clock.ts'
import { openVirtualTime } from '../../fixtures/virtual-time.ts'

const MESSAGE: ReceivedMessage = {
  messageId: 'message-1',
  body: '{}',
  receiptHandle: 'receipt',
  receiveCount: 1,
  sentAt: dateAt(0),
  groupId: null,
}

/** A receiver whose queue gives these answers in turn, each after its seconds: a message, nothing or an error. */
const aReceiver = (answers: readonly { seconds: number; gives: 'message' | 'nothing' | 'error' }[]) => {
  const time = openVirtualTime()
  const clock = virtualClock(time)
  const events: WorkerLogEvent[] = []
  const asked: number[] = []
  let calls = 0
  const jobs: MessageQueue = {
    ...openMemoryMessageQueue({ now: Date.now }),
    async receive(_, signal) {
      asked.push(time.nowMs() / 1000)
      const { seconds, gives } = answers[calls++]!
      await clock.sleep(seconds * 1000, signal)
      if (gives === 'error') throw new Error('503')
      return gives === 'message' ? [MESSAGE] : []
    },
  }
  const receive = openReceiver({ jobs, clock, random: () => 0.5, onEvent: (event) => events.push(event) })
  const stop = new AbortController()
  const next = async (): Promise<Received | null> => {
    let outcome: { received: Received | null } | undefined
    void receive({ waitSeconds: 20, visibilitySeconds: 120 }, stop.signal).then((received) => {
      outcome = { received }
    })
    await time.runUntil(() => outcome !== undefined, 1_000_000)
    return outcome!.received
  }
  return { next, asked, events, time, stop }
}

test('the receiver returns when it sent the request, when the message arrived, and whether it waited for it', async () => {
  const { next } = aReceiver([
    { seconds: 0.02, gives: 'message' },
    { seconds: 7, gives: 'message' },
  ])

  expect(await next()).toEqual({ message: MESSAGE, requestedMs: 0, arrivedMs: 20, awaited: false })
  expect(await next()).toEqual({ message: MESSAGE, requestedMs: 20, arrivedMs: 7_020, awaited: true })
})

test('a message that arrives at once counts as awaited when the poll before it was empty', async () => {
  const { next } = aReceiver([
    { seconds: 20, gives: 'nothing' },
    { seconds: 0, gives: 'message' },
    { seconds: 0, gives: 'message' },
  ])

  expect(await next()).toBe(null)
  expect((await next())?.awaited).toBe(true)
  expect((await next())?.awaited).toBe(false)
})

test('the receiver polls at most once a second while the queue answers empty without waiting', async () => {
  const { next, asked } = aReceiver([
    { seconds: 0, gives: 'nothing' },
    { seconds: 0.3, gives: 'nothing' },
    { seconds: 20, gives: 'nothing' },
    { seconds: 20, gives: 'nothing' },
  ])

  for (let call = 0; call < 4; call++) await next()

  expect(asked).toEqual([0, 1, 2, 22])
})

test('the receiver waits longer after each failed request in a row and reports each failure', async () => {
  const { next, asked, events } = aReceiver([
    { seconds: 0, gives: 'error' },
    { seconds: 0, gives: 'error' },
    { seconds: 0, gives: 'message' },
    { seconds: 0, gives: 'error' },
  ])

  for (let call = 0; call < 4; call++) await next()

  expect(asked).toEqual([0, 1, 3, 3])
  expect(events).toEqual([
    { type: 'queue-unreachable', reason: '503', retryInSeconds: 1 },
    { type: 'queue-unreachable', reason: '503', retryInSeconds: 2 },
    { type: 'queue-unreachable', reason: '503', retryInSeconds: 1 },
  ])
})

test('a request without an answer within 30 s counts as a failure', async () => {
  const { next, events, time } = aReceiver([{ seconds: 10_000, gives: 'message' }])

  expect(await next()).toBe(null)

  expect(events).toEqual([{ type: 'queue-unreachable', reason: 'no answer within 30 s', retryInSeconds: 1 }])
  expect(time.nowMs()).toBe(31_000)
})

test('the receiver stops at once when its signal aborts, and reports no failure', async () => {
  const { next, events, time, stop } = aReceiver([{ seconds: 20, gives: 'message' }])
  time.after(3_000, () => stop.abort(new Error('SIGTERM')))

  expect(await next()).toBe(null)

  expect(time.nowMs()).toBe(3_000)
  expect(events).toEqual([])
})
