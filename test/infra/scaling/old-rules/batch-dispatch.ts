import { workersNeeded } from '../../../../functions/dispatch/workers-needed.ts'
import { type OpenJobsRule, openBatchFleet } from '../../../../infra/scaling/simulation/batch-fleet.ts'
import type { Fleet, FleetDeps } from '../../../../infra/scaling/simulation/fleet-deps.ts'

/**
 * The rule by which dispatch started worker jobs before it remembered failed starts: each minute as many as the backlog
 * needs and are not active, independent of the outcome of the others, and of their cost.
 */
const openEveryMinuteRule: OpenJobsRule =
  ({ queue, policy: { clipsPerWorker }, maxWorkers }) =>
  (_, { running, runnable }) => {
    const needed = workersNeeded(queue.visible() + queue.inFlight(), { clipsPerWorker, maxWorkers })
    return { starts: Math.max(0, needed - running - runnable), isPaused: false }
  }

/** Workers as jobs of AWS Batch that are started every minute. */
export const openEveryMinuteFleet = (setup: FleetDeps): Fleet => openBatchFleet(setup, openEveryMinuteRule)
