import { onTestFinished } from 'vitest'
import { openS3Client, openSqsClient } from '../../../shared/aws/clients.ts'

const config = (endpoint: string) => ({
  ...{ endpoint, region: 'us-east-1' },
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
})

/** Closed when the test ends. */
export const anS3Client = (endpoint: string) => {
  const client = openS3Client(config(endpoint))
  onTestFinished(() => client.destroy())
  return client
}

/** Closed when the test ends. */
export const anSqsClient = (endpoint: string) => {
  const client = openSqsClient(config(endpoint))
  onTestFinished(() => client.destroy())
  return client
}
