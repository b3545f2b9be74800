import { MAX_JOB_RECEIVES } from '../../shared/contracts/job-message.ts'
import type { MessageQueue } from '../../shared/ports/message-queue.ts'
import { type Check, type Finding, fail, ok, runCheck, warn } from './check.ts'

/** Settings of the queue itself. The visibility timeout is not among them, because every receive sets it. */
export interface QueueSettings {
  /** `maxReceiveCount` of the redrive policy; `null` if there is none, so that failing jobs come back for ever. */
  readonly maxReceiveCount: number | null
}

/** With fewer deliveries, a job that was released a few times, by Spot notices say, would be given up. */
const LEAST_RECEIVES = 3
/** Below it, a long job in a busy week may be given up so. */
const FEW_RECEIVES = 20

const FIX_REDRIVE = `give the queue a dead-letter queue with maxReceiveCount ${MAX_JOB_RECEIVES}`

/** Reads the settings; `null` where they cannot be read. */
export type ReadQueueSettings = ((signal: AbortSignal) => Promise<QueueSettings>) | null

/** Finding about the queue. Throws if the depth or the settings of the queue cannot be read. */
export const queueFinding = async (
  queue: MessageQueue,
  readSettings: ReadQueueSettings,
  signal: AbortSignal,
): Promise<Finding> => {
  const { visible, inFlight, delayed } = await queue.depth(signal)
  const found = `${queue.url}: ${visible} waiting, ${inFlight} in flight, ${delayed} delayed`
  if (readSettings === null) return ok(`${found}; its redrive policy was not checked`)
  const { maxReceiveCount } = await readSettings(signal)
  if (maxReceiveCount === null) return warn(`${found}; it has no dead-letter queue`, FIX_REDRIVE)
  const policy = `${found}; given up after ${maxReceiveCount} deliveries`
  if (maxReceiveCount < LEAST_RECEIVES) return fail(policy, FIX_REDRIVE)
  return maxReceiveCount < FEW_RECEIVES ? warn(policy, FIX_REDRIVE) : ok(policy)
}

export const checkQueue = (
  queue: MessageQueue,
  readSettings: ReadQueueSettings,
  signal: AbortSignal,
): Promise<Check> =>
  runCheck(
    'queue',
    "check the queue's URL, the region, and the rights to receive from it and get its attributes",
    () => queueFinding(queue, readSettings, signal),
  )
