import { expect, test } from 'vitest'
import { openReceiver, type WebhookEvent } from '../../../examples/receive-webhook.ts'
import { maxUsdPerEvent, usdPerDelivery, WEBHOOK_RETRIES } from '../../../infra/events/webhook-delivery.ts'
import { seededRandom } from '../../../infra/scaling/simulation/random.ts'
import { reportKey } from '../../../shared/contracts/bucket-layout.ts'
import { signEvent } from '../../../shared/events/sign-event.ts'
import { notEmpty } from '../../fixtures/not-empty.ts'
import { openVirtualTime } from '../../fixtures/virtual-time.ts'
import { IMAGE, MANIFEST, notifySetup } from '../../functions/notify/notify-setup.ts'
import { openSimulatedEventBridge, type WebhookAnswer } from './simulated-event-bridge.ts'

const HOUR_MS = 3_600_000
const START = Date.UTC(2026, 0, 2, 3, 4, 5)
const SECRET = 's'.repeat(32)
const SEEDS = Array.from({ length: 100 }, (_, n) => n + 1)

/** Events of an image and of a manifest with 20 clips and a context each, as notify publishes them. Some come twice. */
const eventsOfNotify = async () => {
  const setup = notifySetup()
  await setup.uploadImage({ 'svd-context': '{"from": "image"}' })
  await setup.uploadManifest([
    { image: IMAGE, context: { order: 7 }, grid: { seed: Array.from({ length: 20 }, (_, n) => n) } },
  ])
  for (const id of setup.jobIds()) await setup.notify(await setup.end(id))
  await setup.notify(reportKey(MANIFEST))
  return setup.published
}

const EVENTS = await eventsOfNotify()
const IDS = [...new Set(EVENTS.map(({ event_id }) => event_id))].toSorted()

type Fault = 'unreachable' | 'slow' | 'busy' | 'broken'

interface Outage {
  readonly fromMs: number
  readonly untilMs: number
  readonly fault: Fault
}

/** Events that come within ten minutes, to a receiver with an outage. */
const run = async (seed: number, outage: Outage) => {
  const random = seededRandom(seed)
  const time = openVirtualTime()
  const handled: { readonly event: WebhookEvent; readonly atMs: number }[] = []
  const receive = openReceiver({
    ...{ apiKey: 'key', secrets: [SECRET] },
    now: () => new Date(START + time.nowMs()),
    handle: async (event) => void handled.push({ event, atMs: time.nowMs() }),
  })
  const send = async (body: string): Promise<WebhookAnswer> => {
    const isOut = time.nowMs() >= outage.fromMs && time.nowMs() < outage.untilMs
    if (!isOut) return await receive('key', body)
    if (outage.fault === 'unreachable') return 'unreachable'
    if (outage.fault === 'busy') return 429
    // It handles some of the events, and EventBridge gets no answer in time, or an error.
    if (random() < 0.3) await receive('key', body)
    return outage.fault === 'slow' ? 'timeout' : 500
  }
  const eventBridge = openSimulatedEventBridge({ time, random, send })
  for (const event of EVENTS) {
    time.after(random() * 600_000, () =>
      eventBridge.accept(JSON.stringify(signEvent(event, SECRET, new Date(START + time.nowMs())))),
    )
  }
  let isPublished = false
  time.after(600_001, () => {
    isPublished = true
  })
  await time.runUntil(() => isPublished && eventBridge.isIdle(), 60 * HOUR_MS)
  return { ...eventBridge, handled, endedMs: time.nowMs() }
}

const idsOf = (events: readonly WebhookEvent[]) => events.map(({ event_id }) => event_id).toSorted()

test.each<Fault>(['unreachable', 'slow', 'busy', 'broken'])(
  'a receiver that is %s for an hour handles each event once',
  async (fault) => {
    for (const seed of SEEDS) {
      const outage = { fromMs: 60_000, untilMs: 60_000 + HOUR_MS, fault }
      const { handled, deadLetters, attempts, endedMs } = await run(seed, outage)

      expect([seed, idsOf(handled.map(({ event }) => event))]).toEqual([seed, IDS])
      expect(deadLetters).toEqual([])
      expect(Math.max(...attempts)).toBeGreaterThan(1)
      // The longest delay of the model is 23 minutes.
      expect(endedMs).toBeLessThan(outage.untilMs + 24 * 60_000)
      const byId = new Map(EVENTS.map((event) => [event.event_id, event]))
      for (const { event } of handled) expect(event).toEqual(byId.get(event.event_id))
    }
  },
)

test('a receiver that is down for two days finds every event as dead-letter message, within the cost limit', async () => {
  for (const seed of SEEDS.slice(0, 20)) {
    const outage = { fromMs: 0, untilMs: 48 * HOUR_MS, fault: 'unreachable' as const }
    const { handled, deadLetters, attempts } = await run(seed, outage)

    expect(handled).toEqual([])
    const dead = deadLetters.map((body) => JSON.parse(JSON.parse(body).payload) as WebhookEvent)
    expect([seed, [...new Set(idsOf(dead))]]).toEqual([seed, IDS])
    const eventBytes = Math.max(...deadLetters.map((body) => Buffer.byteLength(body)))
    for (const count of notEmpty(attempts)) {
      expect(count).toBeGreaterThan(50)
      // An invocation that EventBridge made twice counts for two.
      expect(count).toBeLessThanOrEqual(2 * (1 + WEBHOOK_RETRIES))
      expect(count * usdPerDelivery(eventBytes)).toBeLessThan(2 * maxUsdPerEvent(eventBytes))
    }
  }
})

test('an event that the receiver refuses with 400 is a dead-letter message after one attempt', async () => {
  const time = openVirtualTime()
  const send = async (): Promise<WebhookAnswer> => 400
  const eventBridge = openSimulatedEventBridge({ time, random: () => 0.5, send })
  eventBridge.accept('{}')
  await time.runUntil(eventBridge.isIdle, HOUR_MS)

  expect([eventBridge.attempts, eventBridge.deadLetters]).toEqual([[1], ['{}']])
})
