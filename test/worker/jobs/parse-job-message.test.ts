import { expect, test } from 'vitest'
import { parseJobMessage } from '../../../worker/jobs/parse-job-message.ts'
import { aJob } from './a-job.ts'

test('reads a job as ingest wrote it', () => {
  const job = aJob()

  expect(parseJobMessage(JSON.stringify(job))).toEqual({ job })
})

test.each([
  ['no JSON', 'hello', /^message: /],
  ['another document', '[]', /expected object/],
  ['a newer version', JSON.stringify({ ...aJob(), version: 2 }), /^version: /],
  ['a field too many', JSON.stringify({ ...aJob(), priority: 1 }), /priority/],
  ['an id that leads elsewhere', JSON.stringify({ ...aJob(), job_id: '../../etc' }), /^job_id: /],
])('says what is wrong with %s', (_, body, fault) => {
  expect(parseJobMessage(body)).toEqual({ fault: expect.stringMatching(fault) })
})

test('refuses the id of another job: its outputs would lie where those of that one belong', () => {
  const { job_id } = aJob({ picture: 'dog' })
  const body = JSON.stringify({ ...aJob({ picture: 'cat' }), job_id })

  expect(parseJobMessage(body)).toEqual({ fault: expect.stringContaining(`job_id: got ${job_id}`) })
})

test('names all faults', () => {
  const body = JSON.stringify({ ...aJob(), group: '', trace_id: 7 })

  const parsed = parseJobMessage(body)

  expect('fault' in parsed && parsed.fault.split('\n').map((line) => line.split(':')[0])).toEqual([
    'group',
    'trace_id',
  ])
})
