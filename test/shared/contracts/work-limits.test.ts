import { expect, test } from 'vitest'
import type { RenderArguments } from '../../../shared/contracts/render-arguments.ts'
import { resolveParameters } from '../../../shared/contracts/render-parameters.ts'
import { ALIGN_YOUR_STEPS } from '../../../shared/contracts/schedule-steps.ts'
import {
  DEFAULT_WORK_LIMITS,
  framesDecodedAgain,
  jobWorkFault,
  jobWorkOf,
} from '../../../shared/contracts/work-limits.ts'
import { parseRenderDefaults } from '../../../worker/checkpoint/render-defaults.ts'
import { overlappingChunks } from '../../../worker/pipeline/decode-plan.ts'
import { ALIGN_YOUR_STEPS_SIGMAS } from '../../../worker/pipeline/scheduler/align-your-steps.ts'

const XT = parseRenderDefaults({}, 25)
const clip = (given: RenderArguments = {}) => resolveParameters(given, XT, { vaeScaleFactor: 8 })
const faultOf = (given: RenderArguments) => jobWorkFault(clip(given), XT, DEFAULT_WORK_LIMITS)

test('the work of a clip is frames x pixels x steps x videos', () => {
  expect(jobWorkOf(clip())).toBe(368_640_000)
  expect(jobWorkOf(clip({ num_frames: 5, width: 8, height: 16, num_videos_per_prompt: 3 }))).toBe(48_000)
})

test('the steps of a clip are those of its sigmas if it has some', () => {
  expect(ALIGN_YOUR_STEPS).toBe(ALIGN_YOUR_STEPS_SIGMAS.length - 1)
  const small = { num_frames: 1, width: 8, height: 8 }
  expect(jobWorkOf(clip({ ...small, sigmas: 'align-your-steps' }))).toBe(640)
  expect(jobWorkOf(clip({ ...small, sigmas: [700, 1, 0] }))).toBe(128)
})

test.each([
  [25, 8, 4],
  [25, 24, 23],
  [25, 25, 24],
  [4096, 2048, 2047],
  [7, 3, 0],
])(
  'the work of %i frames in chunks of %i with an overlap of %i includes frames that are decoded again',
  (frames, chunk, overlap) => {
    const chunks = overlap === 0 ? [] : overlappingChunks(frames, chunk, overlap)
    const decoded = chunks.reduce((sum, { from, to }) => sum + to - from, 0)
    const again = chunks.length === 0 ? 0 : decoded - frames
    const parameters = clip({ num_frames: frames, decode_chunk_size: chunk, decode_overlap: overlap })

    expect(framesDecodedAgain(parameters)).toBe(again)
    expect(jobWorkOf(parameters)).toBe(1024 * 576 * (frames * 25 + again * 8))
  },
)

test.each<readonly [string, RenderArguments]>([
  ['64 videos of a usual clip', { num_videos_per_prompt: 64 }],
  ['a clip of 1,000 steps', { num_inference_steps: 1000 }],
  ['a clip of 1080p with 100 frames', { width: 1920, height: 1088, num_frames: 100 }],
])('by default a job may be %s', (_, given) => {
  expect(faultOf(given)).toBeNull()
})

test('a clip with too much work is a fault with argument, value, limit, key and fix', () => {
  expect(faultOf({ width: 8192, height: 8192, num_frames: 4096, num_videos_per_prompt: 64 })).toEqual({
    name: 'num_frames',
    message:
      'the clip makes a work of 439804651110400: width 8192 x height 8192 x num_frames 4096 x 25 steps ' +
      'x num_videos_per_prompt 64; a job may have at most 40000000000, so lower one of them, ' +
      'or raise svd:maxJobWork of the deployment',
  })
})

test.each<readonly [string, RenderArguments]>([
  ['num_videos_per_prompt', { num_videos_per_prompt: 64, num_frames: 50 }],
  ['num_inference_steps', { num_inference_steps: 1000, width: 4096 }],
  ['width', { width: 8192, num_frames: 100, num_inference_steps: 100, num_videos_per_prompt: 5 }],
  ['height', { height: 8192, num_frames: 100, num_inference_steps: 100, num_videos_per_prompt: 5 }],
  ['sigmas', { sigmas: Array.from({ length: 1001 }, (_, i) => 1001 - i), width: 4096 }],
  [
    'decode_overlap',
    { num_frames: 2000, num_inference_steps: 1, decode_chunk_size: 1000, decode_overlap: 999 },
  ],
])('a work fault names the argument that is furthest above the defaults: %s', (name, given) => {
  expect(faultOf(given)?.name).toBe(name)
})

test('a work fault includes the frames that are decoded again', () => {
  const fault = faultOf({
    ...{ num_frames: 2000, num_inference_steps: 1, decode_chunk_size: 1000, decode_overlap: 999 },
  })
  expect(fault?.message).toContain(', and 999000 frames decoded again for decode_overlap; a job may have')
})
