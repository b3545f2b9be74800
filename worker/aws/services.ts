import type { Clock } from '../../shared/clock.ts'
import type { AwsAccount } from '../../shared/ports/aws-account.ts'
import type { MessageQueue } from '../../shared/ports/message-queue.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import type { QueueSettings } from '../preflight/queue-check.ts'

/** Services that the commands of the queue side use. */
export interface Services extends AsyncDisposable {
  readonly clock: Clock
  openBucket(name: string): ObjectStore
  openQueue(url: string): MessageQueue
  readQueueSettings(url: string, signal: AbortSignal): Promise<QueueSettings>
  /** Opens the account, which the caller has to dispose of. */
  openAccount(): Promise<AwsAccount>
}
