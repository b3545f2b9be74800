import { expect } from 'vitest'
import { type EventObject, type ingestSetup, s3Event, sqsEvent } from './ingest-setup.ts'

/** Delivers failed events again, as SQS does, until all succeed. Returns the number of rounds. */
export const untilIngested = async (
  setup: Pick<ReturnType<typeof ingestSetup>, 'ingest'>,
  objects: readonly EventObject[],
): Promise<number> => {
  let waiting = objects.map((object) => s3Event(object))
  let rounds = 0
  for (; waiting.length > 0 && rounds < 5; rounds++) {
    const answer = await setup.ingest(sqsEvent(...waiting))
    const failures = new Set(answer?.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier))
    waiting = waiting.filter((_, index) => failures.has(`message-${index + 1}`))
  }
  expect(waiting).toEqual([])
  return rounds
}
