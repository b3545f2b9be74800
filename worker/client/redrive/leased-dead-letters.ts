import { type JobMessage, jobMessageSchema } from '../../../shared/contracts/job-message.ts'
import {
  LeaseLostError,
  type MessageQueue,
  type ReceivedMessage,
} from '../../../shared/ports/message-queue.ts'

/** A dead-letter message that this process has leased. */
export interface DeadLetterMessage {
  readonly message: ReceivedMessage
  /** Job of the message; `null` if the body is not a valid job message. */
  readonly job: JobMessage | null
}

export type JobDeadLetterMessage = DeadLetterMessage & { readonly job: JobMessage }

export const isJobs = (deadLetter: DeadLetterMessage): deadLetter is JobDeadLetterMessage =>
  deadLetter.job !== null

const BATCH_MESSAGES = 10
/** An empty answer to a long poll means that no server of the queue has one. */
const WAIT_SECONDS = 2
/** Lease for searching many messages, renewed for each job that is brought back. After a crash it ends by itself. */
export const LEASE_SECONDS = 600
const RELEASE_LIMIT_MS = 10_000

const parseBody = (body: string): JobMessage | null => {
  try {
    return jobMessageSchema.parse(JSON.parse(body))
  } catch {
    return null
  }
}

/** Leases all visible messages and adds them to `held`. Two messages of the same job are both leased. */
export const leaseDeadLetters = async (
  deadLetters: MessageQueue,
  held: Map<string, DeadLetterMessage>,
  signal: AbortSignal,
): Promise<void> => {
  const options = {
    maxMessages: BATCH_MESSAGES,
    waitSeconds: WAIT_SECONDS,
    visibilitySeconds: LEASE_SECONDS,
  }
  for (;;) {
    const messages = await deadLetters.receive(options, signal)
    const fresh = messages.filter(({ messageId }) => !held.has(messageId))
    // A message that comes again has a new receipt, and the old one counts no more.
    for (const message of messages) held.set(message.messageId, { message, job: parseBody(message.body) })
    if (fresh.length === 0) return
  }
}

/** Renews the lease. Returns `false` if another process has leased the message. */
export const renewLease = async (
  deadLetters: MessageQueue,
  { message }: DeadLetterMessage,
  signal: AbortSignal,
): Promise<boolean> => {
  try {
    await deadLetters.setVisibility(message.receiptHandle, LEASE_SECONDS, signal)
    return true
  } catch (error) {
    if (error instanceof LeaseLostError) return false
    throw error
  }
}

/** Makes messages visible to other processes at once. Never throws, because each lease also ends by itself. */
export const releaseDeadLetters = async (
  deadLetters: MessageQueue,
  deadLetterMessages: Iterable<DeadLetterMessage>,
): Promise<void> => {
  const signal = AbortSignal.timeout(RELEASE_LIMIT_MS)
  const release = ({ message }: DeadLetterMessage) =>
    deadLetters.setVisibility(message.receiptHandle, 0, signal)
  await Promise.allSettled([...deadLetterMessages].map(release))
}
