import { openS3Client, openSqsClient } from '../../../shared/aws/clients.ts'
import { openS3ObjectStore } from '../../../shared/aws/s3-object-store.ts'
import { openSqsMessageQueue } from '../../../shared/aws/sqs-message-queue.ts'

/* Prints what the standard AWS environment alone leads to: keys of the bucket, messages of the queue. */

const [bucket = '', queueUrl = ''] = process.argv.slice(2)
const signal = AbortSignal.timeout(20_000)
const objects = await Array.fromAsync(openS3ObjectStore(openS3Client(), bucket).list('', signal))
const { visible } = await openSqsMessageQueue(openSqsClient(), queueUrl).depth(signal)
console.log(JSON.stringify({ keys: objects.map(({ key }) => key), visible }))
