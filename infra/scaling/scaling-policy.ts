/*
 * How many workers there are for how much work. The stack deploys these figures and the simulation runs on them.
 *
 *   backlog = messages visible + in flight        workers = the fleet's desired capacity x GPUs of an instance
 *
 *   nobody works, something waits    WAKE    after one minute: as many as a rough look at the backlog says
 *   backlog / workers above target   TRACK   after 3 minutes: more, in proportion
 *   backlog / workers below 0.9 of it        after 15 minutes: fewer
 *   backlog 0                        SLEEP   after 5 minutes: none
 *
 * What is in flight counts, so that the last clips of a batch do not look like nothing to do. Desired and not running
 * workers divide it: those that boot would be ordered again every minute.
 */

/** Of SQS's and Auto Scaling's metrics: CloudWatch has none that are finer. */
export const METRIC_PERIOD_SECONDS = 60

/**
 * Clips for each worker: about as long a work, at half a minute a clip, as a new worker takes to come. With fewer,
 * machines boot for clips that are done before they are ready.
 */
export const CLIPS_PER_WORKER = 10

export const WAKE = {
  evaluationPeriods: 1,
  /** A quarter of what the backlog asks for at least, at once; TRACK sees to the rest. */
  growth: 4,
} as const

/** As Application Auto Scaling sets up the alarms of a target-tracking policy; only the cooldowns are ours. */
export const TRACK = {
  scaleOutPeriods: 3,
  scaleInPeriods: 15,
  /** Of the target: below it there are too many workers. */
  scaleInBelow: 0.9,
  /** The fleet's desired capacity follows the service's within two or three minutes; until then it is too small. */
  scaleOutCooldownSeconds: 300,
  scaleInCooldownSeconds: 300,
} as const

export const SLEEP = { evaluationPeriods: 5 } as const

/** From zero: how many workers for how many clips that wait, the fewest first. */
export interface WakeStep {
  readonly fromBacklog: number
  readonly workers: number
}

/** `maxWorkers` at least 1. */
export const wakeSteps = (clipsPerWorker: number, maxWorkers: number): readonly WakeStep[] => {
  const steps: WakeStep[] = [{ fromBacklog: 1, workers: 1 }]
  for (let workers = WAKE.growth; workers < maxWorkers * WAKE.growth; workers *= WAKE.growth) {
    steps.push({ fromBacklog: workers * clipsPerWorker, workers: Math.min(workers, maxWorkers) })
  }
  return steps.filter(({ workers }, i) => i === 0 || workers > steps[i - 1]!.workers)
}

/** Workers as jobs of AWS Batch: functions/dispatch starts as many as the backlog needs, and each ends by itself. */
export const BATCH = {
  dispatchSeconds: 60,
  /** Longer than two looks of the dispatcher, so that a trickle finds its worker still there. */
  untilIdleSeconds: 150,
} as const
