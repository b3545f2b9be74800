import { expect, test } from 'vitest'
import { UPLOAD_PART_BYTES } from '../../../shared/aws/s3-multipart.ts'
import { openS3ObjectStore } from '../../../shared/aws/s3-object-store.ts'
import { openScriptedEndpoint } from '../../fixtures/scripted-endpoint.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { anS3Client } from './a-client.ts'
import { uploadAnswer, uploadStepOf, written } from './s3-answers.ts'

const TAGS = { 'svd-batch': 'rejected', 'two words': 'a=b&c' }
const HEADER = 'svd-batch=rejected&two%20words=a%3Db%26c'

const taggingOf = async (sizeBytes: number, tags?: Readonly<Record<string, string>>) => {
  const isLarge = sizeBytes > UPLOAD_PART_BYTES
  const endpoint = await openScriptedEndpoint((request) => (isLarge ? uploadAnswer(request) : written('"e"')))
  const store = openS3ObjectStore(anS3Client(endpoint.url), 'bucket')
  const options = { contentType: 'text/plain', ...(tags !== undefined && { tags }) }
  await store.create('key', new Uint8Array(sizeBytes), options, unaborted)
  return endpoint.requests.map((request) => [
    isLarge ? uploadStepOf(request) : request.method,
    request.headers['x-amz-tagging'],
  ])
}

test('the S3 store sends tags with a put', async () => {
  expect(await taggingOf(5, TAGS)).toEqual([['PUT', HEADER]])
})

test('the S3 store sends tags once for a multipart upload, at its start', async () => {
  expect(await taggingOf(UPLOAD_PART_BYTES + 1, TAGS)).toEqual([
    ...[
      ['begin', HEADER],
      ['part', undefined],
    ],
    ...[
      ['part', undefined],
      ['join', undefined],
    ],
  ])
})

test('the S3 store sends no tagging header without tags, because that needs a permission', async () => {
  expect(await taggingOf(5)).toEqual([['PUT', undefined]])
  expect(await taggingOf(5, {})).toEqual([['PUT', undefined]])
})
