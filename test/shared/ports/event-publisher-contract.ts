import { describe, expect, test } from 'vitest'
import { type PipelineEvent, pipelineEventSchema } from '../../../shared/contracts/pipeline-event.ts'
import type { EventPublisher } from '../../../shared/ports/event-publisher.ts'
import { aBatchEnded, anUploadRejected, aRequestEnded, eventId } from '../../fixtures/pipeline-events.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

export interface PublisherOfContract {
  readonly publisher: EventPublisher
  /** Events that a subscriber has received so far, in any order. */
  received(): Promise<readonly PipelineEvent[]>
}

const byId = (events: readonly PipelineEvent[]): readonly PipelineEvent[] =>
  events.toSorted((a, b) => a.event_id.localeCompare(b.event_id))

/** An event that is larger than any service accepts. */
const aHugeEvent = (n: number): PipelineEvent => aRequestEnded(n, { warnings: ['x'.repeat(300_000)] })

/** Tests of any publisher of events, in memory or at an endpoint. `open` makes a new one with one subscriber. */
export const eventPublisherContract = (open: () => Promise<PublisherOfContract>): void => {
  describe('an event publisher', () => {
    test('delivers events of every type unchanged', async () => {
      const { publisher, received } = await open()
      const events = [
        aRequestEnded(1, { context: { text: 'ü "quoted" \\ \u2028', list: [1, null, { deep: 0.1 }] } }),
        aBatchEnded(2),
        anUploadRejected(3),
      ]

      expect(await publisher.publish(events, unaborted)).toEqual([])
      const got = await received()
      expect(byId(got)).toEqual(events)
      for (const event of got) expect(pipelineEventSchema.parse(event)).toEqual(event)
    })

    test('delivers more events than one request takes', async () => {
      const { publisher, received } = await open()
      const events = Array.from({ length: 25 }, (_, n) => aRequestEnded(n))

      expect(await publisher.publish(events, unaborted)).toEqual([])
      expect(byId(await received()).map(({ event_id }) => event_id)).toEqual(
        events.map(({ event_id }) => event_id),
      )
    })

    test('delivers an event again that is published again', async () => {
      const { publisher, received } = await open()
      await publisher.publish([aRequestEnded(1)], unaborted)
      await publisher.publish([aRequestEnded(1)], unaborted)

      expect((await received()).map(({ event_id }) => event_id)).toEqual([eventId(1), eventId(1)])
    })

    test('refuses an event that is too large and delivers the others', async () => {
      const { publisher, received } = await open()
      const events = [aRequestEnded(1), aHugeEvent(2), aRequestEnded(3)]

      expect(await publisher.publish(events, unaborted)).toEqual([
        {
          index: 1,
          reason: expect.stringMatching(/^has 30\d{4} bytes, more than the \d{6} that are accepted$/),
        },
      ])
      expect(byId(await received()).map(({ event_id }) => event_id)).toEqual([eventId(1), eventId(3)])
    })

    test('publishes nothing for an empty list', async () => {
      const { publisher, received } = await open()

      expect(await publisher.publish([], unaborted)).toEqual([])
      expect(await received()).toEqual([])
    })

    test('fails with the reason of an aborted signal', async () => {
      const { publisher, received } = await open()
      const signal = AbortSignal.abort(new Error('the time is over'))

      await expect(publisher.publish([aRequestEnded(1)], signal)).rejects.toThrow('the time is over')
      expect(await received()).toEqual([])
    })
  })
}
