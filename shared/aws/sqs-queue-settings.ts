import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { z } from 'zod'
import { abortable } from './abortable.ts'

/** Settings of a queue that decide what happens to its messages. */
export interface SqsQueueSettings {
  /** Deliveries after which SQS moves a message to the dead-letter queue; `null` if there is none. */
  readonly maxReceiveCount: number | null
}

/** SQS gives the policy as JSON text; emulators give the number in it as text. */
const redrivePolicySchema = z.object({ maxReceiveCount: z.coerce.number().int().min(1) })

/** Needs `sqs:GetQueueAttributes`. */
export const readSqsQueueSettings = (
  client: SQSClient,
  url: string,
  signal: AbortSignal,
): Promise<SqsQueueSettings> =>
  abortable(signal, async () => {
    const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['RedrivePolicy'] })
    const { Attributes } = await client.send(command, { abortSignal: signal })
    const policy = Attributes?.['RedrivePolicy']
    if (policy === undefined || policy === '') return { maxReceiveCount: null }
    return { maxReceiveCount: redrivePolicySchema.parse(JSON.parse(policy)).maxReceiveCount }
  })
