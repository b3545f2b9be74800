import { openS3Client } from '../../shared/aws/clients.ts'
import { openS3ObjectStore } from '../../shared/aws/s3-object-store.ts'
import type { OpenBucket } from './surroundings.ts'

/** In S3, wherever the standard AWS environment says that is. */
export const openAwsBucket = (name: string): OpenBucket => {
  const client = openS3Client()
  return {
    ...openS3ObjectStore(client, name),
    async [Symbol.asyncDispose]() {
      client.destroy()
    },
  }
}
