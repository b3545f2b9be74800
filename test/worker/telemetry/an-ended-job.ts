import type { FailureClass, ResultRecord } from '../../../shared/contracts/result-record.ts'
import { jobIdLike } from '../../fixtures/a-job-message.ts'
import { aResult, type ResultOverrides } from '../../fixtures/job-records.ts'

export const JOB_ID = jobIdLike('0123456789abcdef')

/** A job that ended on its second attempt, with figures that log lines and metrics show. */
export const anEndedJob = (overrides: ResultOverrides = {}): ResultRecord =>
  aResult({
    ...{ jobId: JOB_ID, attempt: 2, outputs: [], seconds: null, device_seconds: 50.25, cost_usd: 0.014 },
    ...{ started_at: '2026-11-22T10:00:05.000Z', finished_at: '2026-11-22T10:01:05.500Z' },
    submittedAt: '2026-11-22T10:00:00.000Z',
    ...overrides,
  })

export const aFailedJob = (failureClass: FailureClass): ResultRecord =>
  anEndedJob({
    state: 'failed',
    failure: { class: failureClass, reason: 'it is black', quality: [], rejected: [] },
    cost_usd: null,
  })
