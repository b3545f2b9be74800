import { regionOfBucketFault } from '../../shared/aws/fault-kind.ts'
import type { AwsAccount } from '../../shared/ports/aws-account.ts'
import type { MessageQueue } from '../../shared/ports/message-queue.ts'
import { runAwsCheck } from './aws-check.ts'
import { type Check, fail, ok, warn } from './check.ts'
import { queueFinding, type ReadQueueSettings } from './queue-check.ts'

/** That a bucket can be seen. Whether it honours conditional writes a worker tries out when it starts. */
export const checkBucket = (
  account: AwsAccount,
  { name, bucket, option }: { readonly name: string; readonly bucket: string; readonly option: string },
  signal: AbortSignal,
): Promise<Check> =>
  runAwsCheck(
    {
      name,
      action: `s3:ListBucket on ${bucket}`,
      explain(kind, _, error) {
        if (kind === 'absent')
          return fail(`s3://${bucket} is not there`, `check ${option}, account and region`)
        if (kind !== 'elsewhere') return null
        const region = regionOfBucketFault(error)
        return region === null
          ? fail(`s3://${bucket} is in another region`, 'set AWS_REGION to it')
          : fail(`s3://${bucket} is in ${region}`, `set AWS_REGION=${region}`)
      },
      async probe(within) {
        await account.seeBucket(bucket, within)
        return ok(`s3://${bucket}`)
      },
    },
    signal,
  )

const absentQueue = (queue: MessageQueue, option: string) =>
  fail(`${queue.url} is not there`, `check ${option}, account and region`)

/** Checks how many messages wait, and how often a message is received. */
export const checkJobsQueue = (
  queue: MessageQueue,
  readSettings: ReadQueueSettings,
  signal: AbortSignal,
): Promise<Check> =>
  runAwsCheck(
    {
      name: 'jobs queue',
      action: 'sqs:GetQueueAttributes',
      explain: (kind) => (kind === 'absent' ? absentQueue(queue, '--jobs-queue-url') : null),
      probe: (within) => queueFinding(queue, readSettings, within),
    },
    signal,
  )

/** Checks whether messages of failed jobs wait in the dead-letters queue for a redrive. */
export const checkDeadLetters = (queue: MessageQueue, signal: AbortSignal): Promise<Check> =>
  runAwsCheck(
    {
      name: 'dead letters',
      action: 'sqs:GetQueueAttributes',
      explain: (kind) => (kind === 'absent' ? absentQueue(queue, '--dead-letter-queue-url') : null),
      async probe(within) {
        const { visible, inFlight, delayed } = await queue.depth(within)
        const waiting = visible + inFlight + delayed
        const found = `${queue.url}: ${waiting} waiting`
        return waiting === 0
          ? ok(found)
          : warn(found, 'svd redrive --dry-run tells which failed, svd redrive brings them back')
      },
    },
    signal,
  )
