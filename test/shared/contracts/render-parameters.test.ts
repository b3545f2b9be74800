import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import type { RenderArguments } from '../../../shared/contracts/render-arguments.ts'
import {
  decodeChunkOf,
  resolveParameters,
  usesGuidance,
} from '../../../shared/contracts/render-parameters.ts'
import { parseRenderDefaults } from '../../../worker/checkpoint/render-defaults.ts'

/** Resolves parameters for a checkpoint whose UNet was trained on 25 frames, with this svd.json. */
const resolve = (
  given: RenderArguments,
  svdJson: Readonly<Record<string, unknown>> = {},
  vaeScaleFactor = 8,
  spell?: (name: string) => string,
) =>
  resolveParameters(given, parseRenderDefaults(svdJson, 25), {
    vaeScaleFactor,
    ...(spell && { spell }),
  })

const faultOf = (work: () => unknown): InvalidInputError => {
  try {
    work()
  } catch (error) {
    if (error instanceof InvalidInputError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('a parameter that a job does not give', () => {
  test("comes from the reference's defaults, and the number of frames from the UNet", () => {
    expect(resolve({})).toEqual({
      width: 1024,
      height: 576,
      numFrames: 25,
      numInferenceSteps: 25,
      sigmas: null,
      minGuidanceScale: 1,
      maxGuidanceScale: 3,
      fps: 7,
      motionBucketId: 127,
      noiseAugStrength: 0.02,
      decodeChunkSize: null,
      numVideosPerPrompt: 1,
      seed: 0n,
      fit: 'fill',
      decodeOverlap: 0,
      format: ['mp4'],
      crf: null,
      loop: false,
      metadata: true,
    })
  })

  test("comes from the checkpoint's svd.json when that has it", () => {
    expect(resolve({}, { width: 192, num_frames: 14, max_guidance_scale: 1.5 })).toMatchObject({
      width: 192,
      height: 576,
      numFrames: 14,
      maxGuidanceScale: 1.5,
    })
  })
})

test("a parameter that a job gives overrides svd.json and the reference's defaults", () => {
  const given = {
    width: 512,
    height: 320,
    num_frames: 7,
    num_inference_steps: 4,
    min_guidance_scale: 0,
    max_guidance_scale: 2,
    fps: 24,
    motion_bucket_id: 0,
    noise_aug_strength: 0,
    decode_chunk_size: 3,
    num_videos_per_prompt: 2,
    seed: 2n ** 63n,
    fit: 'crop',
    decode_overlap: 2,
    format: ['webm', 'gif'],
    crf: 30,
    loop: true,
    metadata: false,
  } as const
  expect(resolve(given, { width: 192, fps: 12, motion_bucket_id: 255 })).toEqual({
    width: 512,
    height: 320,
    numFrames: 7,
    numInferenceSteps: 4,
    sigmas: null,
    minGuidanceScale: 0,
    maxGuidanceScale: 2,
    fps: 24,
    motionBucketId: 0,
    noiseAugStrength: 0,
    decodeChunkSize: 3,
    numVideosPerPrompt: 2,
    seed: 2n ** 63n,
    fit: 'crop',
    decodeOverlap: 2,
    format: ['webm', 'gif'],
    crf: 30,
    loop: true,
    metadata: false,
  })
})

describe('the parameter sigmas', () => {
  const svdJson = { sigmas: 'align-your-steps' }

  test('of the checkpoint is used unless the job gives a number of steps', () => {
    expect(resolve({}, svdJson).sigmas).toBe('align-your-steps')
    expect(resolve({ num_inference_steps: 30 }, svdJson)).toMatchObject({
      sigmas: null,
      numInferenceSteps: 30,
    })
  })

  test("of the job overrides the job's number of steps", () => {
    expect(resolve({ num_inference_steps: 30, sigmas: [700, 1, 0] }).sigmas).toEqual([700, 1, 0])
  })
})

describe('the size of a clip', () => {
  test("must be a multiple of the VAE's block size, and the fault proposes the next larger size", () => {
    const { field, message } = faultOf(() => resolve({ width: 72 }, {}, 16))
    expect(field).toBe('width')
    expect(message).toBe("width: got 72; this checkpoint's VAE works on blocks of 16 pixels: take 80")
    expect(faultOf(() => resolve({ height: 8 }, {}, 16)).message).toContain('take 16')
    expect(resolve({ width: 80 }, {}, 16).width).toBe(80)
  })

  test('has its name in the spelling of the user in a fault', () => {
    expect(faultOf(() => resolve({ width: 72 }, {}, 16, (name) => `--${name}`)).field).toBe('--width')
  })
})

describe('the guidance scales', () => {
  test('are refused when the largest turns guidance off, but the smallest does not, as in the reference', () => {
    const { field, message } = faultOf(() => resolve({ min_guidance_scale: 3, max_guidance_scale: 1 }))
    expect(field).toBe('max_guidance_scale')
    expect(message).toContain('a max_guidance_scale of 1 turns guidance off, and min_guidance_scale is 3')
  })

  test('are refused by the name of the scale that the job gave', () => {
    const fault = faultOf(() => resolve({ min_guidance_scale: 3 }, { max_guidance_scale: 1 }))
    expect(fault.field).toBe('min_guidance_scale')
  })

  test('may fall from frame to frame', () => {
    const scales = { min_guidance_scale: 3, max_guidance_scale: 1.5 }
    expect(resolve(scales)).toMatchObject({ minGuidanceScale: 3, maxGuidanceScale: 1.5 })
  })
})

describe('the parameter decode_overlap', () => {
  test.each([
    { given: { decode_chunk_size: 4, decode_overlap: 4 }, chunk: 4 },
    { given: { decode_chunk_size: 4, decode_overlap: 9 }, chunk: 4 },
    { given: { decode_overlap: 25 }, chunk: 25 },
    { given: { num_frames: 5, decode_overlap: 6 }, chunk: 5 },
    { given: { decode_chunk_size: 1, decode_overlap: 1 }, chunk: 1 },
  ])('must be smaller than the decode chunk: $given.decode_overlap of $chunk', ({ given, chunk }) => {
    const { field, message } = faultOf(() => resolve(given))
    expect(field).toBe('decode_overlap')
    expect(message).toBe(
      `decode_overlap: got ${given.decode_overlap}; must be smaller than decode_chunk_size, which is ${chunk}`,
    )
  })

  test('may be one less than the decode chunk, and 0 for any chunk', () => {
    expect(resolve({ decode_chunk_size: 4, decode_overlap: 3 }).decodeOverlap).toBe(3)
    expect(resolve({ decode_chunk_size: 1, decode_overlap: 0 }).decodeOverlap).toBe(0)
  })
})

test('all frames are decoded at once unless the job has a decode chunk size', () => {
  expect(decodeChunkOf(resolve({}))).toBe(25)
  expect(decodeChunkOf(resolve({ num_frames: 9 }))).toBe(9)
  expect(decodeChunkOf(resolve({ decode_chunk_size: 4 }))).toBe(4)
})

test.each([
  { given: { max_guidance_scale: 1 }, guided: false },
  { given: { max_guidance_scale: 1.01 }, guided: true },
  { given: { min_guidance_scale: 0.5, max_guidance_scale: 1 }, guided: false },
])('guidance is on when the largest scale is above 1: $given', ({ given, guided }) => {
  expect(usesGuidance(resolve(given))).toBe(guided)
})

describe('the parameter crf', () => {
  test.each([
    [{ crf: 18 }, null],
    [{ format: ['mp4', 'gif'], crf: 18 }, null],
    [{ format: ['webm'], crf: 24 }, null],
    [{ crf: 24 }, 24],
    [{ format: ['webm'], crf: 18 }, 18],
    [{ format: ['mp4', 'webm'], crf: 18 }, 18],
  ] as const)('of the request %j is %j, which is null if each codec has that default', (given, crf) => {
    expect(resolve(given).crf).toBe(crf)
  })
})

test("a checkpoint's fps is refused when it is too high for the format", () => {
  const { message } = faultOf(() => resolve({ format: ['gif'] }, { fps: 60 }))
  expect(message).toBe(
    'fps: got 60; a gif has at most 50 frames per second, so lower it or choose another format',
  )
})
