import { describe, expect, test } from 'vitest'
import { measureEvents } from '../../../worker/telemetry/measure-events.ts'
import type { WorkerLogEvent } from '../../../worker/telemetry/worker-event.ts'
import { aFailedJob, anEndedJob, JOB_ID } from './an-ended-job.ts'

const linesOf = (...events: readonly WorkerLogEvent[]): unknown[] => {
  const written: string[] = []
  const tell = measureEvents({
    write: (text) => written.push(text),
    service: 'svd-worker',
    namespace: 'SvdBatch',
  })
  for (const event of events) tell(event)
  for (const text of written) expect(text).toMatch(/^[^\n]+\n$/)
  return written.map((text) => JSON.parse(text))
}

const emf = (
  metrics: readonly (readonly [name: string, unit: string, value: number])[],
  dimensions: Readonly<Record<string, string>> = {},
) => ({
  _aws: {
    Timestamp: expect.any(Number),
    CloudWatchMetrics: [
      {
        Namespace: 'SvdBatch',
        Dimensions: [['service', ...Object.keys(dimensions)]],
        Metrics: metrics.map(([Name, Unit]) => ({ Name, Unit })),
      },
    ],
  },
  service: 'svd-worker',
  job_id: JOB_ID,
  ...dimensions,
  ...Object.fromEntries(metrics.map(([name, , value]) => [name, value])),
})

describe('the worker writes metrics', () => {
  test('for a succeeded job, on one line with exactly these keys', () => {
    expect(linesOf({ type: 'job-done', jobId: JOB_ID, result: anEndedJob() })).toEqual([
      emf([
        ['JobsSucceeded', 'Count', 1],
        ['JobSeconds', 'Seconds', 60.5],
        ['DeviceSeconds', 'Seconds', 50.25],
        ['CostUsd', 'None', 0.014],
      ]),
    ])
  })

  test('for a failed job, once for all failures and once for its failure class', () => {
    expect(linesOf({ type: 'job-done', jobId: JOB_ID, result: aFailedJob('exhausted') })).toEqual([
      emf([
        ['JobsFailed', 'Count', 1],
        ['JobSeconds', 'Seconds', 60.5],
        ['DeviceSeconds', 'Seconds', 50.25],
      ]),
      emf([['JobsFailed', 'Count', 1]], { class: 'exhausted' }),
    ])
  })

  test('for a cancelled job', () => {
    const result = anEndedJob({ state: 'cancelled', device_seconds: 0, cost_usd: 0 })
    expect(linesOf({ type: 'job-done', jobId: JOB_ID, result })).toEqual([
      emf([
        ['JobsCancelled', 'Count', 1],
        ['JobSeconds', 'Seconds', 60.5],
        ['DeviceSeconds', 'Seconds', 0],
        ['CostUsd', 'None', 0],
      ]),
    ])
  })

  test('for the waiting time of a job at its first delivery only', () => {
    const received = { type: 'job-received', jobId: JOB_ID, waitingSeconds: 3 } as const
    expect(linesOf({ ...received, attempt: 1 }, { ...received, attempt: 2 })).toEqual([
      emf([['WaitingSeconds', 'Seconds', 3]]),
    ])
  })

  test('for the idle time of the device between two jobs', () => {
    expect(
      linesOf(
        { type: 'device-idle', jobId: JOB_ID, gapMs: null },
        { type: 'device-idle', jobId: JOB_ID, gapMs: 7 },
      ),
    ).toEqual([emf([['DeviceIdleMs', 'Milliseconds', 7]])])
  })

  test('for retries and lost leases', () => {
    expect(
      linesOf(
        { type: 'job-retry', jobId: JOB_ID, attempt: 1, reason: 'a 503', delaySeconds: 1 },
        { type: 'job-abandoned', jobId: JOB_ID, reason: 'the lease was lost', leaseLost: true },
        { type: 'job-abandoned', jobId: JOB_ID, reason: 'a 503', leaseLost: false },
      ),
    ).toEqual([emf([['Retries', 'Count', 1]]), emf([['LeaseLost', 'Count', 1]])])
  })

  test('for postponed jobs, and for those that wait for a worker with another model', () => {
    const postponed = { type: 'job-postponed', jobId: JOB_ID, reason: 'a 503', delaySeconds: 1 } as const
    const waitsForModel = { id: 'svd-xt', sha256: 'a'.repeat(64) }

    expect(linesOf({ ...postponed, waitsForModel: null }, { ...postponed, waitsForModel })).toEqual([
      emf([['Postponed', 'Count', 1]]),
      emf([
        ['Postponed', 'Count', 1],
        ['OtherModelJobs', 'Count', 1],
      ]),
    ])
  })

  test('for no event of another type', () => {
    expect(
      linesOf(
        { type: 'worker-started', workerId: 'worker-1' },
        { type: 'job-progress', jobId: JOB_ID, progress: { phase: 'decode', step: 1, steps: 2 } },
        { type: 'job-done-before', jobId: JOB_ID },
        { type: 'job-released', jobId: JOB_ID, reason: 'SIGTERM' },
      ),
    ).toEqual([])
  })
})
