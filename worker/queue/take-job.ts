import { abortWith } from '../../shared/abort-with.ts'
import type { JobMessage } from '../../shared/contracts/job-message.ts'
import type { ActiveJob } from '../jobs/active-job.ts'
import { startAttempt, waitingSeconds } from '../jobs/attempt.ts'
import { newAttemptId } from '../jobs/attempt-id.ts'
import { watchForCancel } from '../jobs/cancel-watch.ts'
import { createEtaEstimator } from '../jobs/eta-estimator.ts'
import { openStatusWriter } from '../jobs/status-writer.ts'
import { steadyStore } from '../jobs/steady-store.ts'
import { holdLease } from './hold-lease.ts'
import type { Received } from './receive-message.ts'
import type { WorkerOptions, WorkingDeps } from './worker-deps.ts'

/** Starts a job: extends its lease and writes its status from now on. Adds the attempt's id to `ownAttempts`. */
export const takeJob = (
  job: JobMessage,
  received: Received,
  deps: WorkingDeps,
  { lease: leaseOptions, statusIntervalMs, cancelIntervalMs }: WorkerOptions,
  ownAttempts: Set<string>,
): ActiveJob => {
  const { jobs, clock, worker, onEvent, until, onBeat = () => {} } = deps
  const store = steadyStore(deps.store, deps)
  const { message, requestedMs } = received
  const { receiptHandle, receiveCount } = message
  const attempt = startAttempt(job, receiveCount, clock.now())
  const attemptId = newAttemptId(receiveCount, deps.random)
  ownAttempts.add(attemptId)
  const status = openStatusWriter({
    ...{ store, clock, attempt, attemptId, ownAttempts, workerId: worker.id, until },
    intervalMs: statusIntervalMs,
    aliveSeconds: leaseOptions.visibilitySeconds,
  })
  const lease = holdLease(
    jobs,
    { receiptHandle, receiveCount, requestedMs },
    {
      clock,
      options: leaseOptions,
      until,
      onBeat() {
        onBeat()
        status.renew()
      },
    },
  )
  const controller = new AbortController()
  abortWith(controller, [lease.signal])
  const abort = (reason: Error): void => controller.abort(reason)
  const jobId = job.job_id
  onEvent({ type: 'job-received', jobId, attempt: receiveCount, waitingSeconds: waitingSeconds(attempt) })
  return {
    attempt,
    lease,
    status,
    cancel: watchForCancel({ store, clock, jobId, intervalMs: cancelIntervalMs, onCancelled: abort }),
    signal: controller.signal,
    received,
    attemptId,
    stage: 'waiting',
    hasFailedBefore: false,
    timeLeft: createEtaEstimator(),
    abort,
  }
}
