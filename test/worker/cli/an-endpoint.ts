import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { onTestFinished } from 'vitest'
import { ingestEvent } from '../../../functions/ingest/ingest-event.ts'
import { openS3Client, openSqsClient } from '../../../shared/aws/clients.ts'
import { openS3ObjectStore } from '../../../shared/aws/s3-object-store.ts'
import { openSqsMessageQueue } from '../../../shared/aws/sqs-message-queue.ts'
import type { ModelRecord } from '../../../shared/contracts/model-record.ts'
import { DEFAULT_WORK_LIMITS } from '../../../shared/contracts/work-limits.ts'
import { systemClock } from '../../../shared/system-clock.ts'
import { startEmbeddedEndpoint } from '../../../worker/local/embedded-endpoint.ts'
import { runNotificationBridge } from '../../../worker/local/notification-bridge.ts'

const SVD = fileURLToPath(new URL('../../../worker/cli/svd.ts', import.meta.url))
const never = new AbortController().signal

/** An endpoint with ingest, and the installed command in processes of its own that know it by their environment. */
export const anEndpoint = async (
  model: ModelRecord,
  {
    env = {},
  }: {
    /** Environment of the command's processes, beside the endpoint's. */
    readonly env?: Readonly<Record<string, string>>
  } = {},
) => {
  const endpoint = await startEmbeddedEndpoint(0)
  const [s3, sqs] = [openS3Client(endpoint.clientConfig), openSqsClient(endpoint.clientConfig)]
  const { inputBucket, outputBucket, jobsQueueUrl, deadLetterQueueUrl } = endpoint.deployment
  const input = openS3ObjectStore(s3, inputBucket)
  const output = openS3ObjectStore(s3, outputBucket)
  const jobs = openSqsMessageQueue(sqs, jobsQueueUrl)
  const deadLetters = openSqsMessageQueue(sqs, deadLetterQueueUrl)
  const setup = {
    ...{ input, output, jobs, model },
    defaultSize: 'model' as const,
    limits: DEFAULT_WORK_LIMITS,
    ...{ now: () => new Date(), newTraceId: () => 'trace', onEvent: () => {} },
  }
  const stop = new AbortController()
  const bridge = runNotificationBridge(
    input,
    endpoint.uploads,
    { ingest: (event) => ingestEvent(event, setup, never), clock: systemClock },
    stop.signal,
  )
  onTestFinished(async () => {
    stop.abort()
    await bridge
    s3.destroy()
    sqs.destroy()
    await endpoint[Symbol.asyncDispose]()
  })
  const svd = (...args: readonly string[]) =>
    execa(process.execPath, [SVD, ...args], {
      reject: false,
      // A worker that receives SIGTERM may take long to end. Only a test kills it.
      forceKillAfterDelay: false,
      extendEnv: false,
      env: { PATH: process.env['PATH'], ...env, ...endpoint.environment },
    })
  return { svd, output, jobs, deadLetters }
}
