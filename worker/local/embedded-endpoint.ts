import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { buildApp } from 'fauxqs'
import { openS3Client, openSqsClient } from '../../shared/aws/clients.ts'
import { jobIdOfResult, REPORTS_PREFIX } from '../../shared/contracts/bucket-layout.ts'
import { createDisposalStack } from '../../shared/disposal-stack.ts'
import { honourConditions } from './conditional-writes.ts'
import { createQueues } from './create-queues.ts'
import { INPUT_BUCKET, OUTPUT_BUCKET } from './names.ts'
import { createObjectFeed, type ObjectFeed } from './object-feed.ts'
import type { PersistentState } from './persistent-state.ts'
import {
  addLengthToHeadAnswers,
  refuseAfterFault,
  refuseForeignRequests,
  watchWrites,
} from './request-hooks.ts'

/** Buckets and queues of the local pipeline, by the names that the deployed stack has outputs for. */
export interface Deployment {
  readonly inputBucket: string
  readonly outputBucket: string
  readonly jobsQueueUrl: string
  readonly deadLetterQueueUrl: string
}

export interface EmbeddedEndpoint extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, for S3 and SQS alike. */
  readonly url: string
  readonly deployment: Deployment
  /** Configuration of AWS clients in this process. */
  readonly clientConfig: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
  /** Variables that a client of the endpoint needs. */
  readonly environment: Readonly<Record<string, string>>
  /** Every key of the input bucket that was written, since the start or not handled before. */
  readonly uploads: ObjectFeed
  /** Every key of a result or report in the output bucket that was written, since the start or not handled before. */
  readonly outputs: ObjectFeed
  /** Every key of a result that was written, for what fetches videos. */
  readonly results: ObjectFeed
}

export interface EndpointOptions {
  /** State in a data folder; `null`: buckets, queues and keys are in memory. */
  readonly persistentState: PersistentState | null
  /** Whether keys of `outputs` are stored in its folder, because they are handled. */
  readonly announces?: boolean
  /** Whether keys of `results` are stored in its folder, because they are handled. */
  readonly fetches?: boolean
}

const REGION = 'us-east-1'
/** Any do: the endpoint has no accounts. */
const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' }

/** The feeds to which a write in a bucket belongs. */
const feedsOf = (bucket: string, key: string): readonly ('uploads' | 'outputs' | 'results')[] => {
  if (bucket === INPUT_BUCKET) return ['uploads']
  if (bucket !== OUTPUT_BUCKET) return []
  // As the deployed bucket filters its events.
  if (jobIdOfResult(key) !== null) return ['outputs', 'results']
  return key.startsWith(REPORTS_PREFIX) ? ['outputs'] : []
}

/**
 * S3 and SQS in this process, over real HTTP. There are no accounts. So it listens on the loopback interface only, and
 * refuses requests of web pages that a browser of this machine shows (see `foreignRequestFault`). Without
 * `persistentState`, all of it is in memory and gone with the process. shared/aws/EMULATORS.md lists what it does otherwise than AWS.
 */
export const startEmbeddedEndpoint = async (
  /** 0: any that is free. */
  port: number,
  { persistentState, announces = true, fetches = true }: EndpointOptions = { persistentState: null },
): Promise<EmbeddedEndpoint> => {
  await using opening = createDisposalStack()
  const server = buildApp({
    ...{ logger: false, defaultRegion: REGION },
    ...(persistentState !== null && { stores: persistentState.stores }),
  })
  opening.defer(() => server.close())
  refuseForeignRequests(server)
  if (persistentState !== null) refuseAfterFault(server, persistentState.findFault)
  addLengthToHeadAnswers(server)
  honourConditions(server)
  const feedOf = (name: string, isPersistent: boolean): ObjectFeed =>
    createObjectFeed(persistentState !== null && isPersistent ? persistentState.keys(name) : null)
  const feeds = {
    uploads: feedOf('uploads', true),
    outputs: feedOf('outputs', announces),
    results: feedOf('results', fetches),
  }
  watchWrites(server, {
    beforeWrite: ({ bucket, key }) =>
      feedsOf(bucket, key).map((name) => ({ feed: feeds[name], place: feeds[name].note(key) })),
    onWrite({ key }, places) {
      for (const { feed, place } of places) feed.add(key, place)
    },
  })
  const url = await server.listen({ port, host: '127.0.0.1' })
  persistentState?.noteUrl(url)
  const clientConfig = { endpoint: url, region: REGION, credentials: CREDENTIALS }
  const s3 = openS3Client(clientConfig)
  const sqs = openSqsClient(clientConfig)
  try {
    for (const Bucket of [INPUT_BUCKET, OUTPUT_BUCKET]) await s3.send(new CreateBucketCommand({ Bucket }))
    const queues = await createQueues(sqs, url)
    const open = opening.move()
    return {
      ...{ url, clientConfig, ...feeds },
      deployment: {
        inputBucket: INPUT_BUCKET,
        outputBucket: OUTPUT_BUCKET,
        jobsQueueUrl: queues.jobs,
        deadLetterQueueUrl: queues.deadLetters,
      },
      environment: {
        AWS_ENDPOINT_URL: url,
        AWS_REGION: REGION,
        AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
        AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
        SVD_INPUT_BUCKET: INPUT_BUCKET,
        SVD_OUTPUT_BUCKET: OUTPUT_BUCKET,
        SVD_JOBS_QUEUE_URL: queues.jobs,
        SVD_DEAD_LETTER_QUEUE_URL: queues.deadLetters,
      },
      [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
    }
  } finally {
    s3.destroy()
    sqs.destroy()
  }
}
