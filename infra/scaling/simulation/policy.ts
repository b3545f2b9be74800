import { CLIPS_PER_WORKER, DISPATCH, MANAGED_SCALING } from '../scaling-policy.ts'

type Figures<Constants> = { readonly [Name in keyof Constants]: number }

/** Scaling of workers as a value, so that the deployed policy can be compared with another. */
export interface Policy {
  readonly clipsPerWorker: number
  readonly managedScaling: Figures<typeof MANAGED_SCALING>
  readonly dispatch: Figures<typeof DISPATCH>
  /** Workers with a clip in hand protect their task. */
  readonly protectsTasks: boolean
  /** A worker of this deployment has taken a message before: dispatch starts with no canary. */
  readonly proven: boolean
  /** Daily budget for machines that count a dollar an hour; `null` if there is no limit. */
  readonly maxUsdPerDay: number | null
  /** Every worker fails as soon as it has come up. */
  readonly workersFail: boolean
}

export const DEPLOYED: Policy = {
  clipsPerWorker: CLIPS_PER_WORKER,
  managedScaling: MANAGED_SCALING,
  dispatch: DISPATCH,
  protectsTasks: true,
  proven: true,
  maxUsdPerDay: null,
  workersFail: false,
}
