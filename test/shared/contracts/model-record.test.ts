import { describe, expect, test } from 'vitest'
import { hashModel, type ModelRecord, modelRecordSchema } from '../../../shared/contracts/model-record.ts'

const aFile = (path: string) => ({ path, size_bytes: 3, sha256: 'a'.repeat(64) })

const aRecord = (changes: Partial<ModelRecord> = {}): ModelRecord => ({
  version: 1,
  model_id: 'svd-xt',
  sha256: 'b'.repeat(64),
  variant: 'fp16',
  defaults: {
    width: 1024,
    height: 576,
    num_frames: 25,
    num_inference_steps: 25,
    sigmas: null,
    min_guidance_scale: 1,
    max_guidance_scale: 3,
    fps: 7,
    motion_bucket_id: 127,
    noise_aug_strength: 0.02,
    decode_chunk_size: null,
    num_videos_per_prompt: 1,
  },
  vae_scale_factor: 8,
  files: [aFile('model_index.json'), aFile('unet/config.json')],
  ...changes,
})

test('a model record has exactly the documented keys', () => {
  expect(modelRecordSchema.parse(aRecord())).toEqual(aRecord())
  expect(Object.keys(modelRecordSchema.shape)).toEqual([
    'version',
    'model_id',
    'sha256',
    'variant',
    'defaults',
    'vae_scale_factor',
    'files',
  ])
  expect(modelRecordSchema.safeParse({ ...aRecord(), more: 1 }).success).toBe(false)
})

describe('the path of a model file', () => {
  test.each(['unet/diffusion_pytorch_model-00001-of-00002.fp16.safetensors', 'svd.json', '_a/b-c/D.0'])(
    'may be %j',
    (path) => {
      const files = [...aRecord().files, aFile(path)]
      expect(modelRecordSchema.safeParse(aRecord({ files })).success).toBe(true)
    },
  )

  test.each([
    '../outside.json',
    'unet/../../outside.json',
    '/etc/outside.json',
    'unet//config.json',
    './svd.json',
    'C:\\outside.json',
    'unet\\..\\outside.json',
    'unet/\0.json',
    'unet/%2e%2e/x',
    '.hidden',
    'unet/',
    '',
    'model.json',
    'unet',
    'unet/config.json/x',
    'UNET/config.json',
    'a'.repeat(513),
  ])('may not be %j', (path) => {
    const files = [...aRecord().files, aFile(path)]
    expect(modelRecordSchema.safeParse(aRecord({ files })).success).toBe(false)
  })
})

test('the identity of a model depends on its files and variant, but not on their order or its id', () => {
  const { files } = aRecord()
  const identity = hashModel(aRecord())
  expect(hashModel(aRecord({ files: files.toReversed(), model_id: 'other' }))).toBe(identity)
  expect(hashModel(aRecord({ variant: null }))).not.toBe(identity)
  expect(hashModel(aRecord({ files: files.slice(1) }))).not.toBe(identity)
})
