import { describe, expect, test } from 'vitest'
import { publishToAll } from '../../../functions/notify/publish-to-all.ts'
import { openMemoryEventPublisher } from '../../fixtures/memory-event-publisher.ts'
import { aRequestEnded, eventId } from '../../fixtures/pipeline-events.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

const POISON = aRequestEnded(2, { warnings: ['x'.repeat(9_000)] })
const idsOf = (accepted: readonly string[]) => accepted.map((text) => JSON.parse(text).event_id)

describe('publishToAll', () => {
  test('sends events to each publisher', async () => {
    const [bus, topic] = [openMemoryEventPublisher(), openMemoryEventPublisher()]
    await publishToAll([bus, topic])([aRequestEnded(1), aRequestEnded(2)], unaborted)

    expect(idsOf(bus.accepted)).toEqual([eventId(1), eventId(2)])
    expect(topic.accepted).toEqual(bus.accepted)
  })

  test('sends events to the other publisher when one fails', async () => {
    const failing = openMemoryEventPublisher({
      faults: {
        before: () => {
          throw new Error('AccessDenied')
        },
      },
    })
    const topic = openMemoryEventPublisher()

    await expect(publishToAll([failing, topic])([aRequestEnded(1)], unaborted)).rejects.toThrow(
      'AccessDenied',
    )
    expect(idsOf(topic.accepted)).toEqual([eventId(1)])
  })

  test('fails with publisher, event and reason when one publisher refuses an event', async () => {
    const bus = openMemoryEventPublisher({ name: 'event bus', maxBytes: 5_000 })
    const topic = openMemoryEventPublisher()
    const published = publishToAll([bus, topic])([aRequestEnded(1), POISON, aRequestEnded(3)], unaborted)

    await expect(published).rejects.toThrow(`event bus: 1 of 3 events were refused: ${eventId(2)}: has `)
    expect(idsOf(bus.accepted)).toEqual([eventId(1), eventId(3)])
    expect(topic.accepted).toHaveLength(3)
  })

  test('fails with one error for both when both publishers refuse an event', async () => {
    const publishers = ['event bus', 'topic'].map((name) =>
      openMemoryEventPublisher({ name, maxBytes: 5_000 }),
    )

    await expect(publishToAll(publishers)([POISON], unaborted)).rejects.toThrow(
      /event bus: 1 of 1 events were refused.*topic: 1 of 1 events were refused/,
    )
  })

  test("publishes nothing and fails with the abort's reason when the time is over", async () => {
    const signal = AbortSignal.abort(new Error('the time is over'))

    await expect(publishToAll([openMemoryEventPublisher()])([aRequestEnded(1)], signal)).rejects.toThrow(
      'the time is over',
    )
  })
})
