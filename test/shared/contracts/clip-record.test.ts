import { expect, test } from 'vitest'
import {
  clipMetadataOfJob,
  clipMetadataOfResult,
  clipRecordFileOf,
  clipRecordOfResult,
  encodeClipRecord,
  parseClipRecord,
} from '../../../shared/contracts/clip-record.ts'
import { sha256Of, someParameters } from '../../fixtures/a-job-message.ts'
import { anOutput, aResult } from '../../fixtures/job-records.ts'

const FILES = [{ name: 'cup.mp4', size_bytes: 5, sha256: sha256Of('video') }]

const aCup = (worker = { id: 'w', version: '0.2.0', execution_provider: 'cuda', precision: 'fp16' }) =>
  aResult({ sourceKey: 'images/alice/trip/cup.png', safer_path: true, decode_chunk_size: 4, worker })

test("the clip record of a result has the documented keys, and the image's name without folders", () => {
  const result = aCup()
  expect(clipRecordOfResult(result, 0, FILES)).toEqual({
    svd_batch: '0.2.0',
    version: 1,
    image: { name: 'cup.png', pixels_sha256: sha256Of('images/alice/trip/cup.png') },
    model: { id: 'svd-demo', sha256: sha256Of('svd-demo') },
    parameters: someParameters,
    video: 0,
    decode_chunk_size: 4,
    fallback_decode: true,
    execution_provider: 'cuda',
    precision: 'fp16',
    job_id: result.job_id,
    frames: 14,
    files: FILES,
  })
})

test("a worker's metadata for a job are the same as those of its result", () => {
  const result = aCup()
  const maker = { svd_batch: '0.2.0', execution_provider: 'cuda', precision: 'fp16' }
  const render = { video: 0, decode_chunk_size: 4, fallback_decode: true }
  expect(clipMetadataOfJob(result.job, maker, render)).toEqual(clipMetadataOfResult(result, 0))
})

test('a job with metadata false has no clip record', () => {
  expect(clipRecordOfResult(aResult({ parameters: { metadata: false } }), 0, FILES)).toBeNull()
})

test('each video of a job has its own index and frame count in its record', () => {
  const result = aResult({ parameters: { num_videos_per_prompt: 2 } })
  const second = { ...anOutput(result.job_id, 'video-1'), frames: 9 }
  const both = { ...result, outputs: [...result.outputs, second] }
  expect(clipRecordOfResult(both, 1, FILES)).toMatchObject({ video: 1, frames: 9 })
})

test('the metadata of a result without a precision have precision null', () => {
  const { precision } = clipMetadataOfResult(aResult(), 0)
  expect(precision).toBeNull()
})

test('an encoded clip record is parsed into the same record', () => {
  const record = clipRecordOfResult(aCup(), 0, FILES)!
  expect(parseClipRecord(encodeClipRecord(record))).toEqual(record)
})

test.each(['', '{"motion_bucket_id": 30}', '[]', '{"version": 1}'])(
  'a text such as %j is not a clip record',
  (text) => {
    expect(parseClipRecord(text)).toBeNull()
  },
)

test.each([
  ['out/cup.mp4', 'out/cup.json'],
  ['out/cup.v2.webm', 'out/cup.v2.json'],
  ['out.d/cup', 'out.d/cup.json'],
])('the clip record of %s is the file %s', (clip, record) => {
  expect(clipRecordFileOf(clip)).toBe(record)
})
