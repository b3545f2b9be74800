import { expect, test } from 'vitest'
import { jobIdOf } from '../../../shared/contracts/job-id.ts'
import type { JobMessage } from '../../../shared/contracts/job-message.ts'
import { parseJobMessage } from '../../../worker/jobs/parse-job-message.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'

test('the parser reads a job that ingest wrote', () => {
  const job = aJobMessage()

  expect(parseJobMessage(JSON.stringify(job))).toEqual({ job })
})

test.each([
  ['text that is not JSON', 'hello', /^message: /],
  ['an array', '[]', /expected object/],
  ['a newer version', JSON.stringify({ ...aJobMessage(), version: 2 }), /^version: /],
  ['an unknown field', JSON.stringify({ ...aJobMessage(), priority: 1 }), /priority/],
  ['a job id that is a path', JSON.stringify({ ...aJobMessage(), job_id: '../../etc' }), /^job_id: /],
])('the parser reports the fault of %s', (_, body, fault) => {
  expect(parseJobMessage(body)).toEqual({ fault: expect.stringMatching(fault) })
})

test('the parser rejects the id of another job, whose outputs it would replace', () => {
  const { job_id } = aJobMessage({ sourceKey: 'images/dog.png' })
  const body = JSON.stringify({ ...aJobMessage({ sourceKey: 'images/cat.png' }), job_id })

  expect(parseJobMessage(body)).toEqual({ fault: expect.stringContaining(`job_id: got ${job_id}`) })
})

test('the parser reports all faults', () => {
  const body = JSON.stringify({ ...aJobMessage(), group: '', trace_id: 7 })

  const parsed = parseJobMessage(body)

  expect('fault' in parsed && parsed.fault.split('\n').map((line) => line.split(':')[0])).toEqual([
    'group',
    'trace_id',
  ])
})

/** The job of a message that another program wrote: its id is right, its parameters are not. */
const withParameters = (change: Partial<JobMessage['parameters']>): string => {
  const job = aJobMessage()
  const parameters = { ...job.parameters, ...change }
  const job_id = jobIdOf(job.image.pixels_sha256, parameters, job.model)
  return JSON.stringify({ ...job, job_id, parameters })
}

test.each<[string, Partial<JobMessage['parameters']>, RegExp]>([
  [
    'a width and height that are too large',
    { width: 40_000, height: 40_000 },
    /^parameters\.width: got 40000; must be .*\nparameters\.height: got 40000; must be .*$/,
  ],
  ['too many frames', { num_frames: 4097 }, /^parameters\.num_frames: got 4097; must be /],
  ['too many steps', { num_inference_steps: 1001 }, /^parameters\.num_inference_steps: got 1001; must be /],
  ['too many videos', { num_videos_per_prompt: 65 }, /^parameters\.num_videos_per_prompt: got 65; must be /],
  ['sigmas that rise', { sigmas: [1, 2] }, /^parameters\.sigmas: got /],
  ['a seed beyond 64 bits', { seed: '99999999999999999999' }, /^parameters\.seed: got /],
  [
    'an overlap as long as its chunks',
    { decode_chunk_size: 2, decode_overlap: 2 },
    /^parameters\.decode_overlap: got 2; must be smaller than decode_chunk_size, which is 2$/,
  ],
])('the parser rejects what a manifest may not request: %s', (_, change, fault) => {
  expect(parseJobMessage(withParameters(change))).toEqual({ fault: expect.stringMatching(fault) })
})

test('the parser accepts sigmas and a decode chunk that a manifest may request', () => {
  const body = withParameters({ sigmas: [7, 1, 0.5, 0], decode_chunk_size: 2, decode_overlap: 1 })
  expect(parseJobMessage(body)).toHaveProperty('job')
})

test('the parser accepts sigmas beside another number of steps, as older jobs have them', () => {
  const body = withParameters({ sigmas: 'align-your-steps', num_inference_steps: 4 })
  expect(parseJobMessage(body)).toHaveProperty('job')
})
