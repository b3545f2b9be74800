import { describe, expect, test } from 'vitest'
import { parseRenderDefaults } from '../../../worker/checkpoint/render-defaults.ts'

describe('parseRenderDefaults', () => {
  test("gives the reference's call arguments for an empty file, with the UNet's number of frames", () => {
    expect(parseRenderDefaults({}, 25)).toEqual({
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
    })
  })

  test('accepts every argument', () => {
    const json = {
      width: 192,
      height: 128,
      num_frames: 1,
      num_inference_steps: 10,
      sigmas: 'align-your-steps',
      min_guidance_scale: 0,
      max_guidance_scale: 1.5,
      fps: 6,
      motion_bucket_id: 0,
      noise_aug_strength: 0,
      decode_chunk_size: 4,
      num_videos_per_prompt: 2,
    }
    expect(Object.values(parseRenderDefaults(json, 25))).toEqual(Object.values(json))
  })

  test('accepts a list of sigmas', () => {
    expect(parseRenderDefaults({ sigmas: [700, 10, 0] }, 25).sigmas).toEqual([700, 10, 0])
  })

  test.each([
    [
      'a width that is not a multiple of 8',
      { width: 190 },
      'svd.json: width: is 190; supported: a multiple of 8',
    ],
    ['no frames', { num_frames: 0 }, 'num_frames: is 0'],
    ['no steps', { num_inference_steps: 0 }, 'num_inference_steps: is 0'],
    ['one sigma', { sigmas: [700] }, 'sigmas: is [700]'],
    [
      'an unknown name for sigmas',
      { sigmas: 'karras' },
      'sigmas: is "karras"; supported: null, or the name align-your-steps',
    ],
    ['negative noise', { noise_aug_strength: -1 }, 'noise_aug_strength: is -1'],
    [
      'rising sigmas',
      { sigmas: [1, 2] },
      'svd.json: sigmas: is [1,2] (value 2 of 2, 2, is not below the value',
    ],
    [
      'a width that no option may have',
      { width: 65_536 },
      'width: is 65536; supported: a multiple of 8 from 8 to 8192',
    ],
    ['too many frames a second', { fps: 241 }, 'fps: is 241; supported: a whole number of frames per second'],
    [
      'no frames to decode at once',
      { decode_chunk_size: 0 },
      'decode_chunk_size: is 0; supported: null, or a whole',
    ],
    [
      'scales that contradict each other',
      { min_guidance_scale: 2, max_guidance_scale: 1 },
      'svd.json: max_guidance_scale: a max_guidance_scale of 1 turns guidance off, and min_guidance_scale is 2',
    ],
    ['camel case', { numFrames: 14 }, 'numFrames: is 14, but svd-batch knows no such field'],
  ])('refuses %s', (_name, json, message) => {
    expect(() => parseRenderDefaults(json, 25)).toThrow(message)
  })
})
