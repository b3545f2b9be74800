import { type JobMessage, jobMessageSchema } from '../../shared/contracts/job-message.ts'
import { LeaseLostError, type MessageQueue, type ReceivedMessage } from '../../shared/ports/message-queue.ts'

/** A dead letter that nobody else sees meanwhile. */
export interface HeldLetter {
  readonly message: ReceivedMessage
  /** Null: it is no job's message. */
  readonly job: JobMessage | null
}

export type JobLetter = HeldLetter & { readonly job: JobMessage }

export const isJobs = (letter: HeldLetter): letter is JobLetter => letter.job !== null

const BATCH_MESSAGES = 10
/** An empty answer to a long poll means that no server of the queue has one. */
const WAIT_SECONDS = 2
/** For looking through many; renewed for each that is brought back. What a crash leaves is back after it. */
export const HOLD_SECONDS = 600
const RELEASE_LIMIT_MS = 10_000

const parseBody = (body: string): JobMessage | null => {
  try {
    return jobMessageSchema.parse(JSON.parse(body))
  } catch {
    return null
  }
}

/** Takes all that are visible, in addition to `held`; those of a job that come twice are both held. */
export const holdLetters = async (
  deadLetters: MessageQueue,
  held: Map<string, HeldLetter>,
  signal: AbortSignal,
): Promise<void> => {
  const options = {
    maxMessages: BATCH_MESSAGES,
    waitSeconds: WAIT_SECONDS,
    visibilitySeconds: HOLD_SECONDS,
  }
  for (;;) {
    const messages = await deadLetters.receive(options, signal)
    const fresh = messages.filter(({ messageId }) => !held.has(messageId))
    // A message that comes again has a new receipt, and the old one counts no more.
    for (const message of messages) held.set(message.messageId, { message, job: parseBody(message.body) })
    if (fresh.length === 0) return
  }
}

/** False: somebody else has it. */
export const renewHold = async (
  deadLetters: MessageQueue,
  { message }: HeldLetter,
  signal: AbortSignal,
): Promise<boolean> => {
  try {
    await deadLetters.setVisibility(message.receiptHandle, HOLD_SECONDS, signal)
    return true
  } catch (error) {
    if (error instanceof LeaseLostError) return false
    throw error
  }
}

/** Lets others see them at once. Never throws: they come back by themselves. */
export const releaseLetters = async (
  deadLetters: MessageQueue,
  letters: Iterable<HeldLetter>,
): Promise<void> => {
  const signal = AbortSignal.timeout(RELEASE_LIMIT_MS)
  const release = ({ message }: HeldLetter) => deadLetters.setVisibility(message.receiptHandle, 0, signal)
  await Promise.allSettled([...letters].map(release))
}
