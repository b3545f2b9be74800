import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { ingestReportSchema } from '../../../shared/contracts/ingest-report.ts'
import { jobMessageSchema } from '../../../shared/contracts/job-message.ts'
import { hashModel, modelRecordSchema } from '../../../shared/contracts/model-record.ts'
import { filesOfOutput, resultRecordSchema } from '../../../shared/contracts/result-record.ts'
import { statusRecordSchema } from '../../../shared/contracts/status-record.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import {
  aFailure,
  anAttempt,
  anIngestReport,
  aResult,
  aStatus,
  someQuality,
} from '../../fixtures/job-records.ts'
import { keysOf } from '../../fixtures/keys-of.ts'
import { aModelRecord } from '../../fixtures/model-record.ts'

/*
 * Documents of version 1 that are in deployed buckets and queues. A key that changes here is one that an older
 * worker, a script or a page does not find any more.
 */

const PARAMETERS = [
  ...['width', 'height', 'num_frames', 'num_inference_steps', 'sigmas', 'min_guidance_scale'],
  ...['max_guidance_scale', 'fps', 'motion_bucket_id', 'noise_aug_strength', 'decode_chunk_size'],
  'num_videos_per_prompt',
]
const ALL_PARAMETERS = [...PARAMETERS, 'seed', 'fit', 'decode_overlap']

const under = (path: string, keys: readonly string[]): readonly string[] => [
  path,
  ...keys.map((key) => `${path}.${key}`),
]

const IMAGE = ['source_key', 'key', 'pixels_sha256', 'width', 'height']
const ORIGIN = ['kind', 'bucket', 'key', 'version_id', 'etag', 'item', 'item_id']

const JOB = [
  ...['version', 'job_id'],
  ...under('image', IMAGE),
  ...under('parameters', ALL_PARAMETERS),
  ...under('model', ['id', 'sha256']),
  ...under('origin', ORIGIN),
  ...['group', 'trace_id', 'submitted_at'],
]

const FILE = ['key', 'size_bytes', 'sha256']
const QUALITY = [
  ...['faults', 'warnings', 'non_finite_values', 'darkest_frame_mean', 'largest_frame_change'],
  'smallest_frame_change',
  ...['seam_change_ratio', 'first_frame_psnr_db', 'container_frames'],
]

const RESULT = [
  ...['version', 'job_id', 'state', 'attempt'],
  ...under('job', JOB),
  'outputs',
  ...under('outputs[].video', FILE),
  ...under('outputs[].poster', FILE),
  'outputs[].frames',
  ...under('outputs[].quality', QUALITY),
  ...['failure', 'started_at', 'finished_at'],
  ...under('seconds', [
    ...[
      'waiting',
      'prepare',
      'load',
      'encode_image',
      'denoise',
      'decode',
      'encode_video',
      'check',
      'publish',
    ],
  ]),
  ...['device_seconds', 'cost_usd', 'safer_path', 'decode_chunk_size', 'decode_fallbacks'],
  ...under('worker', ['id', 'version', 'execution_provider']),
]

const STATUS = [
  ...['version', 'job_id', 'state', 'attempt', 'phase', 'step', 'steps', 'worker_id', 'message'],
  ...['attempts', ...['id', 'worker_id', 'reason', 'alive_until'].map((key) => `attempts[].${key}`)],
  'waits_for_model',
  ...under('image', IMAGE),
  ...under('parameters', ALL_PARAMETERS),
  ...under('origin', ORIGIN),
  ...['submitted_at', 'updated_at'],
]

const MODEL = [
  ...['version', 'model_id', 'sha256', 'variant'],
  ...under('defaults', PARAMETERS),
  'vae_scale_factor',
  ...['files', 'files[].path', 'files[].size_bytes', 'files[].sha256'],
]

const REPORT = [
  ...['version', 'bucket', 'key', 'version_id', 'etag', 'sequencer', 'state', 'jobs'],
  ...['job_id', 'item', 'item_id', 'image', 'videos', 'done_before'].map((key) => `jobs[].${key}`),
  ...['superseded', 'superseded[].job_id', 'superseded[].outcome'],
  'faults',
  ...['item', 'line', 'item_id', 'field', 'message'].map((key) => `faults[].${key}`),
  ...['more_faults', 'reported_at'],
]

/** Keys that documents written by older versions lack. */
const ADDED_LATER = new Set([
  ...['decode_chunk_size', 'decode_fallbacks', 'attempts', 'waits_for_model'],
  'superseded',
])

/** A job whose clips were rejected, with every field of a failure. */
const aRejectedResult = () => {
  const quality = { ...someQuality, faults: ['black'] }
  const file = { key: 'a', size_bytes: 1, sha256: 'd'.repeat(64) }
  const video = {
    attempt_id: '0002-5f1e',
    worker_id: 'worker-1',
    video: file,
    poster: file,
    frames: 4,
    quality,
  }
  return aFailure({ class: 'quality', quality: [quality], rejected: [video] })
}

const DOCUMENTS: readonly (readonly [string, z.ZodType, object, readonly string[]])[] = [
  ['job message', jobMessageSchema, aJobMessage(), JOB],
  ['result record', resultRecordSchema, aResult(), RESULT],
  ['status record', statusRecordSchema, aStatus({ attempts: [anAttempt] }), STATUS],
  ['model record', modelRecordSchema, aModelRecord(), MODEL],
  ['ingest report', ingestReportSchema, anIngestReport(), REPORT],
]

describe.each(DOCUMENTS)('the %s', (_, schema, document, keys) => {
  test('has exactly the documented keys', () => {
    expect(keysOf(schema.parse(document))).toEqual(keys)
    expect(schema.parse(document)).toEqual(document)
  })

  test.each(Object.keys(document).filter((key) => !ADDED_LATER.has(key)))('must have %s', (key) => {
    const { [key]: _, ...rest } = document as Record<string, unknown>
    expect(schema.safeParse(rest).success).toBe(false)
  })

  test('must have no other key and no other version', () => {
    expect(schema.safeParse({ ...document, more: 1 }).success).toBe(false)
    expect(schema.safeParse({ ...document, version: 2 }).success).toBe(false)
  })
})

test('a result without decode_chunk_size and decode_fallbacks is parsed with null for both', () => {
  const { decode_chunk_size: _, decode_fallbacks: __, ...older } = aResult()
  expect(resultRecordSchema.parse(older)).toMatchObject({ decode_chunk_size: null, decode_fallbacks: null })
})

test('a result has its files in each format, and a result without files has its MP4 alone', () => {
  const record = aResult()
  const { files: _, ...output } = record.outputs[0]!
  const older = { ...record, outputs: [output] }
  expect(resultRecordSchema.parse(older)).toEqual(older)
  expect(filesOfOutput(output)).toEqual([{ format: 'mp4', ...output.video }])
  const files = [{ format: 'gif' as const, ...output.video, key: 'jobs/a/video.gif' }]
  const parsed = resultRecordSchema.parse({ ...record, outputs: [{ ...output, files }] })
  expect(keysOf(parsed.outputs).filter((key) => key.includes('files'))).toEqual([
    '[].files',
    ...['format', ...FILE].map((key) => `[].files[].${key}`),
  ])
  expect(filesOfOutput(parsed.outputs[0]!)).toEqual(files)
})

test('a failed result without rejected clips is parsed with an empty list', () => {
  const record = aRejectedResult()
  const { rejected: _, ...failure } = record.failure!
  expect(resultRecordSchema.parse({ ...record, failure }).failure).toEqual({ ...failure, rejected: [] })
})

test('a clip quality without warnings is parsed with an empty list', () => {
  const record = aResult()
  const [output] = record.outputs
  const { warnings: _, ...quality } = output!.quality
  const older = { ...record, outputs: [{ ...output, quality }] }
  expect(resultRecordSchema.parse(older)).toEqual(record)
})

test('a status without attempts is parsed with an empty list', () => {
  const { attempts: _, waits_for_model: __, ...older } = aStatus()
  expect(statusRecordSchema.parse(older)).toMatchObject({ attempts: [], waits_for_model: null })
})

test('a report without superseded jobs is parsed with an empty list', () => {
  const { superseded: _, ...older } = anIngestReport()
  expect(ingestReportSchema.parse(older).superseded).toEqual([])
})

test('a revised report has the time of its revision and the added jobs', () => {
  const { job_id } = aJobMessage()
  const report = anIngestReport({
    revision: { revised_at: '2026-01-02T03:04:05.000Z', job_ids: [job_id] },
  })
  expect(ingestReportSchema.parse(report)).toEqual(report)
  expect(keysOf(ingestReportSchema.parse(report)).filter((key) => !REPORT.includes(key))).toEqual([
    ...['revision', 'revision.revised_at', 'revision.job_ids'],
  ])
})

test('a failed result has class and reason of its failure, and what the checks found', () => {
  const failed = resultRecordSchema.parse(aRejectedResult())
  expect(keysOf(failed.failure)).toEqual([
    ...['class', 'reason', 'quality'],
    ...QUALITY.map((key) => `quality[].${key}`),
    'rejected',
    ...['attempt_id', 'worker_id'].map((key) => `rejected[].${key}`),
    ...under('rejected[].video', FILE),
    ...under('rejected[].poster', FILE),
    'rejected[].frames',
    ...under('rejected[].quality', QUALITY),
  ])
})

describe('the identity of a model', () => {
  test('depends on its files, but not on their order, and on its variant', () => {
    const { files, variant } = aModelRecord()
    const sha256 = hashModel({ files, variant })
    expect(sha256).toBe('c5a69a3803fd9e5624dfe61f4dabba39b621a82325e519cbc97e0d3ff5cd9a9f')
    expect(hashModel({ files: files.toReversed(), variant })).toBe(sha256)
    expect(hashModel({ files, variant: 'fp16' })).not.toBe(sha256)
    expect(hashModel({ files: files.slice(1), variant })).not.toBe(sha256)
  })

  test.each(['../etc/passwd', 'unet/../../x', '/etc/passwd', 'unet\\x', ''])(
    'refuses a file outside its folder: %j',
    (path) => {
      const files = [{ path, size_bytes: 1, sha256: 'a'.repeat(64) }]
      expect(modelRecordSchema.safeParse(aModelRecord({ files })).success).toBe(false)
    },
  )
})
