import { Console } from 'node:console'
import { PassThrough } from 'node:stream'
import { Logger } from '@aws-lambda-powertools/logger'
import { describe, expect, test } from 'vitest'
import { logEvents } from '../../../worker/telemetry/log-events.ts'
import type { WorkerLogEvent } from '../../../worker/telemetry/worker-event.ts'
import { QUALITY } from '../jobs/quality/a-quality.ts'
import { aFailedJob, anEndedJob, JOB_ID } from './an-ended-job.ts'

/** The library's own logger, with its output in memory: it takes none. */
const aLog = () => {
  const output = new PassThrough()
  const logger = new Logger({ serviceName: 'svd-worker' })
  Object.assign(logger, { console: new Console({ stdout: output, stderr: output }) })
  const clock = { ms: 0 }
  const tell = logEvents({ logger, now: () => clock.ms })
  return {
    clock,
    tell,
    lines: (): Record<string, unknown>[] =>
      String(output.read() ?? '')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
  }
}

const FILE = { key: 'video.mp4', size_bytes: 1, sha256: 'a'.repeat(64) }
const A_WARNED_OUTPUT = {
  ...{ video: FILE, poster: FILE, frames: 14 },
  quality: { ...QUALITY, warnings: ['likeness: low', 'seams: high'] },
}

/** The fields that the library adds to every line. */
const COMMON = { timestamp: expect.stringMatching(/Z$/), service: 'svd-worker', sampling_rate: 0 }

describe('the log', () => {
  test.each<[WorkerLogEvent, object]>([
    [
      { type: 'worker-started', workerId: 'worker-1' },
      { level: 'INFO', message: 'worker started', worker_id: 'worker-1' },
    ],
    [
      { type: 'job-received', jobId: JOB_ID, attempt: 1, waitingSeconds: 2.5 },
      { level: 'INFO', message: 'job received', job_id: JOB_ID, attempt: 1, waiting_seconds: 2.5 },
    ],
    [
      { type: 'job-stage', jobId: JOB_ID, stage: 'publishing' },
      { level: 'INFO', message: 'job publishing', job_id: JOB_ID },
    ],
    [
      { type: 'job-progress', jobId: JOB_ID, progress: { phase: 'denoise', step: 3, steps: 10 } },
      { level: 'INFO', message: 'job progress', job_id: JOB_ID, phase: 'denoise', step: 3, steps: 10 },
    ],
    [
      { type: 'device-idle', jobId: JOB_ID, gapMs: 12 },
      { level: 'INFO', message: 'device was idle', job_id: JOB_ID, gap_ms: 12 },
    ],
    [
      { type: 'clip-rejected', jobId: JOB_ID, videos: ['a.mp4', 'b.mp4'], failure: null },
      { level: 'WARN', message: 'clip rejected', job_id: JOB_ID, videos: 'a.mp4 b.mp4' },
    ],
    [
      { type: 'clip-rejected', jobId: JOB_ID, videos: [], failure: 'no answer within 60 s' },
      {
        ...{ level: 'WARN', message: 'clip rejected, and not all of it kept', job_id: JOB_ID },
        reason: 'no answer within 60 s',
      },
    ],
    [
      { type: 'job-done', jobId: JOB_ID, result: anEndedJob() },
      {
        level: 'INFO',
        message: 'job succeeded',
        job_id: JOB_ID,
        trace_id: 'trace-1',
        attempt: 2,
        videos: 0,
        device_seconds: 50.25,
        cost_usd: 0.014,
        safer_path: false,
      },
    ],
    [
      { type: 'job-done', jobId: JOB_ID, result: aFailedJob('quality') },
      {
        level: 'ERROR',
        message: 'job failed',
        job_id: JOB_ID,
        trace_id: 'trace-1',
        attempt: 2,
        videos: 0,
        failure_class: 'quality',
        reason: 'it is black',
        device_seconds: 50.25,
        safer_path: false,
      },
    ],
    [
      { type: 'job-done', jobId: JOB_ID, result: anEndedJob({ outputs: [A_WARNED_OUTPUT] }) },
      {
        level: 'WARN',
        message: 'job succeeded',
        job_id: JOB_ID,
        trace_id: 'trace-1',
        attempt: 2,
        videos: 1,
        warnings: 'likeness: low; seams: high',
        device_seconds: 50.25,
        cost_usd: 0.014,
        safer_path: false,
      },
    ],
    [
      { type: 'job-done-before', jobId: JOB_ID },
      { level: 'INFO', message: 'job was done before', job_id: JOB_ID },
    ],
    [
      { type: 'job-retry', jobId: JOB_ID, attempt: 1, reason: 'a 503', delaySeconds: 20 },
      {
        level: 'WARN',
        message: 'job will be tried again',
        job_id: JOB_ID,
        attempt: 1,
        reason: 'a 503',
        delay_seconds: 20,
      },
    ],
    [
      { type: 'job-released', jobId: JOB_ID, reason: 'SIGTERM' },
      { level: 'INFO', message: 'job handed back', job_id: JOB_ID, reason: 'SIGTERM' },
    ],
    [
      { type: 'job-abandoned', jobId: JOB_ID, reason: 'the lease was lost', leaseLost: true },
      { level: 'WARN', message: 'job lost with its lease', job_id: JOB_ID, reason: 'the lease was lost' },
    ],
    [
      { type: 'job-abandoned', jobId: JOB_ID, reason: 'a 503', leaseLost: false },
      { level: 'WARN', message: 'job left to its lease', job_id: JOB_ID, reason: 'a 503' },
    ],
    [
      {
        ...{ type: 'job-postponed', jobId: JOB_ID, reason: 'it is for svd-xt', delaySeconds: 60 },
        waitsForModel: { id: 'svd-xt', sha256: 'a'.repeat(64) },
      },
      {
        ...{ level: 'WARN', message: 'job has to wait', job_id: JOB_ID, reason: 'it is for svd-xt' },
        ...{ delay_seconds: 60, waits_for_model: 'svd-xt' },
      },
    ],
    [
      { type: 'message-malformed', messageId: 'm-1', reason: 'is not JSON' },
      { level: 'ERROR', message: 'malformed message', message_id: 'm-1', reason: 'is not JSON' },
    ],
    [
      { type: 'dead-letter-recorded', messageId: 'm-1', jobId: null },
      { level: 'WARN', message: 'dead letter recorded', message_id: 'm-1' },
    ],
    [
      { type: 'queue-unreachable', reason: 'ECONNREFUSED', retryInSeconds: 4 },
      {
        level: 'WARN',
        message: 'queue cannot be reached',
        reason: 'ECONNREFUSED',
        retry_in_seconds: 4,
      },
    ],
    [
      { type: 'task-protected', minutes: 60 },
      { level: 'INFO', message: 'task protected from scale-in', minutes: 60 },
    ],
    [{ type: 'task-unprotected' }, { level: 'INFO', message: 'task not protected any more' }],
    [
      { type: 'task-protection-failed', reason: 'ThrottlingException: Rate exceeded', retryInSeconds: 4 },
      {
        level: 'WARN',
        message: 'task protection failed',
        reason: 'ThrottlingException: Rate exceeded',
        retry_in_seconds: 4,
      },
    ],
    [
      { type: 'draining', reason: 'SIGTERM', secondsLeft: 110 },
      { level: 'INFO', message: 'draining', reason: 'SIGTERM', seconds_left: 110 },
    ],
    [
      { type: 'worker-stopped', reason: 'idle', jobs: 3 },
      { level: 'INFO', message: 'worker stopped', reason: 'idle', jobs: 3 },
    ],
  ])('has one line with exactly these keys for $type (case %#)', (event, expected) => {
    const { tell, lines } = aLog()
    tell(event)
    expect(lines()).toEqual([{ ...COMMON, ...expected }])
  })

  test('has level WARN for a failure that the submitter caused, and ERROR for other failures', () => {
    const { tell, lines } = aLog()
    for (const failureClass of ['invalid-input', 'quality', 'does-not-fit', 'exhausted'] as const)
      tell({ type: 'job-done', jobId: JOB_ID, result: aFailedJob(failureClass) })
    expect(lines().map(({ level }) => level)).toEqual(['WARN', 'ERROR', 'ERROR', 'ERROR'])
  })

  test('escapes the line breaks of a reason, so that each event stays one line', () => {
    const { tell, lines } = aLog()
    const reason = 'first\n{"level":"INFO","message":"job succeeded"}'
    tell({ type: 'job-released', jobId: JOB_ID, reason })
    expect(lines()).toEqual([expect.objectContaining({ reason })])
  })
})

describe('progress in the log', () => {
  const progress = (jobId: string, step: number): WorkerLogEvent => ({
    type: 'job-progress',
    jobId,
    progress: { phase: 'denoise', step, steps: 100 },
  })

  test('is written once in ten seconds for each job', () => {
    const { clock, tell, lines } = aLog()
    for (let step = 0; step <= 50; step++) {
      clock.ms = step * 500
      tell(progress('one', step))
      if (step % 2 === 0) tell(progress('other', step))
    }
    expect(lines().map(({ job_id, step }) => [job_id, step])).toEqual([
      ['one', 0],
      ['other', 0],
      ['one', 20],
      ['other', 20],
      ['one', 40],
      ['other', 40],
    ])
  })

  test('is written at once when a job is retried', () => {
    const { tell, lines } = aLog()
    tell(progress('one', 1))
    tell({ type: 'job-retry', jobId: 'one', attempt: 1, reason: 'a 503', delaySeconds: 0 })
    tell(progress('one', 1))
    expect(lines().map(({ message }) => message)).toEqual([
      'job progress',
      'job will be tried again',
      'job progress',
    ])
  })
})
