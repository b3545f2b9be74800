import { WAKE, wakeSteps } from '../scaling-policy.ts'
import { DEPLOYED, type Policy } from './policy.ts'
import { SCENARIOS, type Scenario } from './scenarios.ts'

/** A rule of the policy, and what would be without it. */
export interface Comparison {
  readonly rule: string
  readonly without: Policy
  /** Where it shows. */
  readonly scenario: Scenario
}

const { wake, track, managedScaling } = DEPLOYED

/** Whatever is on its way. */
const TRACK_AT_ONCE: Policy = {
  ...DEPLOYED,
  track: {
    ...track,
    metric: (clipsPerWorker, gpus) => {
      const metric = track.metric(clipsPerWorker, gpus)
      return { ...metric, valueOf: (values) => metric.valueOf({ ...values, reservation: 100 }) }
    },
  },
}

/** A worker with a clip in hand does not count as needed. */
const TRACK_BY_BACKLOG: Policy = {
  ...DEPLOYED,
  track: {
    ...track,
    metric: (clipsPerWorker, gpus) => {
      const metric = track.metric(clipsPerWorker, gpus)
      return {
        ...metric,
        valueOf: ({ visible, inFlight, ...values }) =>
          visible === undefined || inFlight === undefined
            ? undefined
            : metric.valueOf({ ...values, visible: visible + inFlight, inFlight: 0 }),
      }
    },
  },
}

const WAKE_BY_SQS_ALONE: Policy = {
  ...DEPLOYED,
  wake: {
    ...wake,
    metric: {
      ...wake.metric,
      valueOf: (values) => wake.metric.valueOf({ ...values, queued: undefined }),
    },
  },
}

const WAKE_WITHOUT_INSTANCES: Policy = {
  ...DEPLOYED,
  wake: {
    ...wake,
    metric: {
      expression: 'IF(FILL(instances, 0) < 1, MAX([FILL(visible, 0), FILL(queued, 0)]), 0)',
      valueOf: ({ instances = 0, visible = 0, queued = 0 }) =>
        instances < 1 ? Math.max(visible, queued) : 0,
    },
  },
}

/** One worker, and four times as many each time that the backlog is four times as long. */
const WAKE_BY_FOURS: Policy = {
  ...DEPLOYED,
  wake: {
    ...wake,
    steps: (clipsPerWorker, maxWorkers) =>
      wakeSteps(clipsPerWorker, maxWorkers)
        .filter(({ workers }, i, { length }) => i === length - 1 || Math.log2(workers) % 2 === 0)
        .map((step) => (step.workers === WAKE.first ? { ...step, fromBacklog: 2 * clipsPerWorker } : step)),
  },
}

const SHORT_WARMUP: Policy = {
  ...DEPLOYED,
  managedScaling: { ...managedScaling, instanceWarmupSeconds: 60 },
}

const UNPROTECTED: Policy = { ...DEPLOYED, protectsTasks: false }

export const COMPARISONS: readonly Comparison[] = [
  { rule: 'WAKE also looks at JobsQueued', without: WAKE_BY_SQS_ALONE, scenario: SCENARIOS.one },
  {
    rule: 'WAKE asks whether anybody works, not for instances',
    without: WAKE_WITHOUT_INSTANCES,
    scenario: SCENARIOS.trickle,
  },
  { rule: 'WAKE orders half of what is needed', without: WAKE_BY_FOURS, scenario: SCENARIOS.hundred },
  { rule: 'TRACK holds while machines are coming', without: TRACK_AT_ONCE, scenario: SCENARIOS.late },
  { rule: 'TRACK keeps workers with a clip in hand', without: TRACK_BY_BACKLOG, scenario: SCENARIOS.day },
  { rule: 'a warm-up of 300 s, not 60', without: SHORT_WARMUP, scenario: SCENARIOS.hundred },
  { rule: 'workers protect their tasks', without: UNPROTECTED, scenario: SCENARIOS.day },
]
