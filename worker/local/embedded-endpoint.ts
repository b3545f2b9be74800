import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { CreateQueueCommand, GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { buildApp } from 'fauxqs'
import { openS3Client, openSqsClient } from '../../shared/aws/clients.ts'
import { jobIdOfResult, REPORTS_PREFIX } from '../../shared/contracts/bucket-layout.ts'
import { MAX_JOB_RECEIVES } from '../../shared/contracts/job-message.ts'
import { foreignRequestFault } from '../../shared/foreign-request.ts'
import { createUploadFeed, type UploadFeed } from './object-feed.ts'
import { type WrittenObject, writtenObject } from './written-object.ts'

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
  /** For a client in this process. */
  readonly place: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
  /** Variables that a client of the endpoint needs. */
  readonly environment: Readonly<Record<string, string>>
  /** Every key of the input bucket that was written, since the start. */
  readonly uploads: UploadFeed
  /** Every key of a result or report in the output bucket that was written, since the start. */
  readonly outputs: UploadFeed
}

const INPUT_BUCKET = 'svd-input'
const OUTPUT_BUCKET = 'svd-output'
const JOBS_QUEUE = 'svd-jobs'
const DEAD_LETTER_QUEUE = 'svd-jobs-dead-letters'
const REGION = 'us-east-1'
/** Any do: the endpoint has no accounts. */
const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' }

/** As the deployed stack sets them up. */
const VISIBILITY_SECONDS = 120
const FOURTEEN_DAYS_SECONDS = 14 * 24 * 60 * 60

const createQueues = async (client: SQSClient): Promise<{ jobs: string; deadLetters: string }> => {
  const create = async (name: string, attributes: Record<string, string>): Promise<string> => {
    const { QueueUrl } = await client.send(
      new CreateQueueCommand({ QueueName: name, Attributes: attributes }),
    )
    if (QueueUrl === undefined) throw new Error(`the endpoint gave no URL for the queue ${name}`)
    return QueueUrl
  }
  const deadLetters = await create(DEAD_LETTER_QUEUE, {
    MessageRetentionPeriod: String(FOURTEEN_DAYS_SECONDS),
  })
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: deadLetters, AttributeNames: ['QueueArn'] }),
  )
  const jobs = await create(JOBS_QUEUE, {
    VisibilityTimeout: String(VISIBILITY_SECONDS),
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: Attributes?.['QueueArn'],
      maxReceiveCount: MAX_JOB_RECEIVES,
    }),
  })
  return { jobs, deadLetters }
}

/** As the deployed bucket filters its events. */
const isAnnounced = (key: string): boolean => jobIdOfResult(key) !== null || key.startsWith(REPORTS_PREFIX)

const CHARACTERS_OF_XML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** As S3 refuses a request. */
const refusal = (code: string, reason: string): string => {
  const message = reason.replaceAll(/[&<>]/g, (character) => CHARACTERS_OF_XML[character] ?? '')
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>\n`
}

type Server = ReturnType<typeof buildApp>

/** Refuses what web pages have a browser send, before any of its body is read. */
const refuseForeignRequests = (server: Server): void => {
  server.addHook('onRequest', (request, reply, done) => {
    const fault = foreignRequestFault(request.headers)
    if (fault === null) return done()
    // The body stays unread, so the connection is of no further use.
    reply.code(403).header('connection', 'close').type('application/xml').send(refusal('AccessDenied', fault))
  })
}

/**
 * Calls `onWrite` for each object that a request has written, before its client gets the answer. A form that cannot be
 * read is refused before it writes anything, because its object would get no notification.
 */
const watchWrites = (server: Server, onWrite: (object: WrittenObject) => void): void => {
  const writing = new WeakMap<object, WrittenObject>()
  server.addHook('preHandler', async (request, reply) => {
    try {
      const object = await writtenObject(request)
      if (object !== null) writing.set(request, object)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return reply.code(400).type('application/xml').send(refusal('MalformedPOSTRequest', reason))
    }
  })
  server.addHook('onSend', async (request, reply) => {
    const object = writing.get(request)
    if (object !== undefined && reply.statusCode < 400) onWrite(object)
  })
}

/**
 * Gives the answer to a HEAD request a length where it has none, as that for an object that is not there. Node's client
 * closes the connection after an answer without one, so that the next request would need a new connection.
 */
const addLengthToHeadAnswers = (server: Server): void => {
  server.addHook('onSend', (request, reply, _payload, done) => {
    if (request.method === 'HEAD' && !reply.hasHeader('content-length')) reply.header('content-length', '0')
    done()
  })
}

/**
 * S3 and SQS in this process, over real HTTP. There are no accounts. So it listens on the loopback interface only, and
 * refuses requests of web pages that a browser of this machine shows (see `foreignRequestFault`). All of it is in memory
 * and gone with the process. shared/aws/EMULATORS.md lists what it does otherwise than AWS.
 */
export const startEmbeddedEndpoint = async (
  /** 0: any that is free. */
  port: number,
): Promise<EmbeddedEndpoint> => {
  const server = buildApp({ logger: false, defaultRegion: REGION })
  refuseForeignRequests(server)
  addLengthToHeadAnswers(server)
  const uploads = createUploadFeed()
  const outputs = createUploadFeed()
  watchWrites(server, ({ bucket, key }) => {
    if (bucket === INPUT_BUCKET) uploads.add(key)
    if (bucket === OUTPUT_BUCKET && isAnnounced(key)) outputs.add(key)
  })
  const url = await server.listen({ port, host: '127.0.0.1' })
  const place = { endpoint: url, region: REGION, credentials: CREDENTIALS }
  const s3 = openS3Client(place)
  const sqs = openSqsClient(place)
  try {
    for (const Bucket of [INPUT_BUCKET, OUTPUT_BUCKET]) await s3.send(new CreateBucketCommand({ Bucket }))
    const queues = await createQueues(sqs)
    return {
      url,
      place,
      ...{ uploads, outputs },
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
      [Symbol.asyncDispose]: () => server.close(),
    }
  } catch (error) {
    await server.close()
    throw error
  } finally {
    s3.destroy()
    sqs.destroy()
  }
}
