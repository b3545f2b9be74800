import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { UPLOAD_PART_BYTES } from '../../../shared/aws/s3-multipart.ts'
import { openS3ObjectStore } from '../../../shared/aws/s3-object-store.ts'
import { type Answer, openScriptedEndpoint, type ScriptedRequest } from '../../fixtures/scripted-endpoint.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { anS3Client } from './a-client.ts'
import { s3Error, type UploadStep, uploadAnswer, uploadStepOf } from './s3-answers.ts'

const TEXT = { contentType: 'text/plain' }
/** Two whole parts and a short one. */
const BODY = new Uint8Array(2 * UPLOAD_PART_BYTES + 1).fill(7)

/** A store whose endpoint answers as S3 does, unless `answer` returns another answer. */
const aStore = async (
  answer: (step: UploadStep, request: ScriptedRequest, joins: number) => Answer | undefined,
) => {
  let joins = 0
  const endpoint = await openScriptedEndpoint((request) => {
    const step = uploadStepOf(request)
    if (step === 'join') joins += 1
    return answer(step, request, joins) ?? uploadAnswer(request)
  })
  const steps = () => endpoint.requests.map(uploadStepOf)
  return { store: openS3ObjectStore(anS3Client(endpoint.url), 'bucket'), requests: endpoint.requests, steps }
}

test('a multipart upload completes its parts in order, with their SHA-256 and the condition', async () => {
  const { store, requests, steps } = await aStore(() => undefined)

  expect(await store.replace('key', '"old"', BODY, TEXT, unaborted)).toBe('"whole"')

  expect(steps()).toEqual(['begin', 'part', 'part', 'part', 'join'])
  const join = requests.at(-1)
  expect(join?.headers['if-match']).toBe('"old"')
  const sha256 = (sizeBytes: number) =>
    createHash('sha256').update(BODY.subarray(0, sizeBytes)).digest('base64')
  const part = /<ChecksumSHA256>(.*?)<\/ChecksumSHA256>.*?<PartNumber>(\d+)<\/PartNumber>/g
  const listed = [...(join?.body.matchAll(part) ?? [])].map(([, checksum, number]) => [number, checksum])
  expect(listed).toEqual([
    ...[
      ['1', sha256(UPLOAD_PART_BYTES)],
      ['2', sha256(UPLOAD_PART_BYTES)],
    ],
    ['3', sha256(1)],
  ])
})

test('a multipart create returns false and aborts the upload if the object exists at completion', async () => {
  const { store, steps } = await aStore((step) =>
    step === 'join' ? s3Error(412, 'PreconditionFailed') : undefined,
  )
  expect(await store.create('key', BODY, TEXT, unaborted)).toBe(false)
  expect(steps().slice(-2)).toEqual(['join', 'give up'])
})

test('a multipart upload starts again after a conflict', async () => {
  const { store, steps } = await aStore((step, _, joins) =>
    step === 'join' && joins === 1 ? s3Error(409, 'ConditionalRequestConflict') : undefined,
  )
  expect(await store.create('key', BODY, TEXT, unaborted)).toBe(true)
  const upload = ['begin', 'part', 'part', 'part', 'join']
  expect(steps()).toEqual([...upload, 'give up', ...upload])
})

test('a multipart create whose answer was lost starts again, and returns false if the object exists', async () => {
  const { store } = await aStore((step, _, joins) => {
    if (step !== 'join') return undefined
    return ['lost', s3Error(404, 'NoSuchUpload'), s3Error(412, 'PreconditionFailed')][joins - 1] as Answer
  })
  expect(await store.create('key', BODY, TEXT, unaborted)).toBe(false)
})

test('a multipart upload is aborted when a part fails, after the other parts have ended', async () => {
  const refused = Promise.withResolvers<void>()
  let ended = 0
  let endedWhenGivenUp = 0
  const { store, steps } = await aStore((step, { url }) => {
    if (step === 'give up') endedWhenGivenUp = ended
    if (step !== 'part') return undefined
    if (url.includes('partNumber=2&')) {
      refused.resolve()
      return s3Error(403, 'AccessDenied')
    }
    return async (response) => {
      await refused.promise
      await delay(300)
      ended += 1
      response.writeHead(200, { etag: '"late"' }).end()
    }
  })
  await expect(store.put('key', BODY, TEXT, unaborted)).rejects.toThrow('AccessDenied')
  expect(steps().at(-1)).toBe('give up')
  expect(endedWhenGivenUp).toBe(2)
  expect(steps()).not.toContain('join')
})

test('a multipart upload that the caller aborts is aborted in S3 and fails with the reason', async () => {
  const aborting = new AbortController()
  const reason = new Error('draining')
  const { store, steps } = await aStore((step) =>
    step === 'part' ? () => aborting.abort(reason) : undefined,
  )
  await expect(store.put('key', BODY, TEXT, aborting.signal)).rejects.toBe(reason)
  expect(steps().at(-1)).toBe('give up')
})
