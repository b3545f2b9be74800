import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'

/*
 * Uses the pipeline with nothing but an S3 client, at any endpoint: uploads an image with its arguments as metadata, and
 * reads the records of the output bucket.
 *
 *   AWS_ENDPOINT_URL=http://127.0.0.1:4599 node custom-s3-endpoint.ts photo.png
 *
 * `svd local` prints AWS_ENDPOINT_URL with the other variables. On AWS, leave it out.
 */

const POLL_MS = 1_000

const [file] = process.argv.slice(2)
const { AWS_ENDPOINT_URL, SVD_INPUT_BUCKET: input, SVD_OUTPUT_BUCKET: output } = process.env
if (!file || !input || !output)
  throw new Error('usage: custom-s3-endpoint.ts IMAGE, with SVD_INPUT_BUCKET and SVD_OUTPUT_BUCKET')

// Endpoints on this machine have no name for each bucket.
const s3 = new S3Client({ forcePathStyle: AWS_ENDPOINT_URL !== undefined })

/** The keys of `reports/KEY.json` that this program reads. */
interface Report {
  readonly state: 'accepted' | 'partly' | 'rejected'
  readonly jobs: readonly { readonly job_id: string }[]
  readonly faults: readonly { readonly field: string; readonly message: string }[]
}

/** The keys of `jobs/ID/result.json` that this program reads. */
interface Result {
  readonly state: 'succeeded' | 'failed' | 'cancelled'
  readonly outputs: readonly { readonly video: { readonly key: string } }[]
}

/** Polls a record until it is there. */
const readRecord = async <T>(key: string): Promise<T> => {
  for (;;) {
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: output, Key: key }))
      return JSON.parse((await Body?.transformToString()) ?? '')
    } catch (error) {
      if (!(error instanceof NoSuchKey)) throw error
      await setTimeout(POLL_MS)
    }
  }
}

const key = `images/examples/${basename(file)}`
const Metadata = { 'svd-motion-bucket-id': '60', 'svd-num-inference-steps': '10' }
await s3.send(new PutObjectCommand({ Bucket: input, Key: key, Body: await readFile(file), Metadata }))

const { state, jobs, faults } = await readRecord<Report>(`reports/${key}.json`)
console.log(`${key}: ${state}`)
for (const { field, message } of faults) console.log(`${field}: ${message}`)
for (const { job_id } of jobs) {
  const result = await readRecord<Result>(`jobs/${job_id}/result.json`)
  console.log(`${job_id}: ${result.state}, ${result.outputs[0]?.video.key}`)
}
s3.destroy()
