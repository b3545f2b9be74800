import { abortWith } from '../../shared/abort-with.ts'
import type { MessageQueue, ReceivedMessage } from '../../shared/ports/message-queue.ts'
import { withTimeLimit } from '../../shared/time-limit.ts'
import { CLOSE_LIMIT_MS, closing } from './close-job.ts'
import { type RecordingDeps, recordDeadLetter } from './record-dead-letter.ts'

/*
 * A worker that fails a job for the last time writes its record. A message that was received as often as the queue
 * allows has none, and the queue moves it to the dead-letter queue. So workers poll the dead-letter queue:
 *
 *   receive until none is left ─▶ each without a record gets one ─▶ all are handed back, but those of jobs that
 *   out of sight for VISIBILITY_SECONDS,                            succeeded or were cancelled: these are removed
 *   so that none comes twice
 *
 * `svd redrive` brings the others back.
 */

export interface DeadLetterDeps extends Omit<RecordingDeps, 'queueUrl' | 'deadLetters'> {
  readonly deadLetters: MessageQueue
  readonly onRecorded: (recorded: { readonly messageId: string; readonly jobId: string | null }) => void
}

const VISIBILITY_SECONDS = 120
/** Largest message count of one poll: some 30 s of requests. The next poll gets other messages. */
const MAX_MESSAGES = 1000
const BATCH = 10

/**
 * Polls the dead-letter queue once. Never throws: the next poll finds what could not be recorded. When `signal`
 * aborts, it ends, and makes the messages that it has received visible again.
 */
export const recordDeadLetters = async (deps: DeadLetterDeps, signal: AbortSignal): Promise<void> => {
  const { deadLetters, clock, onRecorded } = deps
  const limited = <T>(run: (signal: AbortSignal) => Promise<T>, until = deps.until): Promise<T> =>
    withTimeLimit(closing({ clock, until }), run)
  const over = new AbortController()
  const ending = over.signal
  using _ = abortWith(over, [signal, deps.until])
  // Later, the first message would come again.
  const lastReceiveMs = clock.elapsedMs() + VISIBILITY_SECONDS * 1000 - CLOSE_LIMIT_MS

  /** Receipts of messages to remove: their jobs succeeded or were cancelled. */
  const obsolete = new Set<string>()

  const record = async (message: ReceivedMessage, heldUntilMs: number): Promise<void> => {
    const assertHeld = (): void => {
      if (clock.elapsedMs() + CLOSE_LIMIT_MS > heldUntilMs) throw new Error('this look takes too long')
    }
    const { state, jobId } = await limited(
      (within) => recordDeadLetter({ message, assertHeld }, { ...deps, queueUrl: deadLetters.url }, within),
      ending,
    )
    if (state === 'recorded') onRecorded({ messageId: message.messageId, jobId })
    if (state === 'obsolete') obsolete.add(message.receiptHandle)
  }

  const leased: ReceivedMessage[] = []
  try {
    while (leased.length < MAX_MESSAGES && clock.elapsedMs() < lastReceiveMs) {
      const heldUntilMs = clock.elapsedMs() + VISIBILITY_SECONDS * 1000
      const options = { maxMessages: BATCH, waitSeconds: 1, visibilitySeconds: VISIBILITY_SECONDS }
      const messages = await limited((within) => deadLetters.receive(options, within), ending)
      if (messages.length === 0) break
      leased.push(...messages)
      for (const message of messages) {
        await record(message, heldUntilMs).catch(() => {})
        ending.throwIfAborted()
      }
    }
  } catch {
    // The queue does not answer, or the worker shuts down.
  }
  await Promise.all(
    leased.map(({ receiptHandle }) =>
      limited((within) =>
        obsolete.has(receiptHandle)
          ? deadLetters.remove(receiptHandle, within)
          : deadLetters.setVisibility(receiptHandle, 0, within),
      ).catch(() => {}),
    ),
  )
}
