import { DEPLOYED, type Policy } from './policy.ts'
import { SCENARIOS, type Scenario } from './scenarios.ts'

/** A rule of the policy, and what would be without it. */
export interface Comparison {
  readonly rule: string
  readonly without: Policy
  /** Scenario that shows the difference. */
  readonly scenario: Scenario
}

const SHORT_WARMUP: Policy = {
  ...DEPLOYED,
  managedScaling: { ...DEPLOYED.managedScaling, instanceWarmupSeconds: 60 },
}

const UNPROTECTED: Policy = { ...DEPLOYED, protectsTasks: false }

/** As after each deployment: the first worker alone. */
const AFTER_DEPLOYMENT: Policy = { ...DEPLOYED, proven: false }

const HALF_AS_OFTEN: Policy = {
  ...DEPLOYED,
  dispatch: { ...DEPLOYED.dispatch, everySeconds: 120 },
}

export const COMPARISONS: readonly Comparison[] = [
  {
    rule: 'a deployment whose workers are known to work has no canary',
    without: AFTER_DEPLOYMENT,
    scenario: SCENARIOS.hundred,
  },
  { rule: 'dispatch looks each minute, not every other', without: HALF_AS_OFTEN, scenario: SCENARIOS.one },
  { rule: 'a warm-up of 300 s, not 60', without: SHORT_WARMUP, scenario: SCENARIOS.hundred },
  { rule: 'workers protect their tasks', without: UNPROTECTED, scenario: SCENARIOS.day },
]
