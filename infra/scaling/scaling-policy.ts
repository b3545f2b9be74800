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
 * What is in flight counts, so that the last clips of a batch do not look like nothing to do. What exactly is looked
 * at: scaling-metrics.ts.
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
  /** From no instance, ECS always starts two: two clips may as well have both. */
  first: 2,
  /**
   * Half of what the backlog asks for at least, at once: TRACK comes ten minutes later, when what was ordered is there.
   * With a quarter, a hundred clips take four minutes longer; with all of it, two less, with half as many machines again.
   */
  growth: 2,
} as const

/** As Application Auto Scaling sets up the alarms of a target-tracking policy; only the cooldowns are ours. */
export const TRACK = {
  scaleOutPeriods: 3,
  scaleInPeriods: 15,
  /** Of the target: below it there are too many workers. */
  scaleInBelow: 0.9,
  /**
   * ECS's reservation, in percent, above which no more workers are ordered: more than a tenth of the machines that are
   * there is still to come. Of a large fleet, some are always on their way, in place of those that Spot took.
   */
  holdAboveReservation: 110,
  /** The fleet's desired capacity follows the service's within two or three minutes; until then it is too small. */
  scaleOutCooldownSeconds: 300,
  scaleInCooldownSeconds: 300,
} as const

export const SLEEP = { evaluationPeriods: 5 } as const

/** How ECS sizes the Auto Scaling group to what the service's tasks need. */
export const MANAGED_SCALING = {
  targetCapacityPercent: 100,
  /**
   * While any instance is younger, none is ordered. ECS's default, and not to be shortened much: an instance that has
   * not joined the cluster for two minutes of metrics is ordered a second time, and then runs idle for 20 minutes.
   */
  instanceWarmupSeconds: 300,
  /** Minutes of metrics with an instance to spare before one is ended. ECS's own alarm, which cannot be changed. */
  scaleInPeriods: 15,
} as const

/** From zero: how many workers for how many clips that wait, the fewest first. */
export interface WakeStep {
  readonly fromBacklog: number
  readonly workers: number
}

/** `maxWorkers` at least 1. Step scaling takes 20 of them: enough for half a million workers. */
export const wakeSteps = (clipsPerWorker: number, maxWorkers: number): readonly WakeStep[] => {
  const steps: WakeStep[] = [{ fromBacklog: 1, workers: 1 }]
  if (maxWorkers >= WAKE.first) steps.push({ fromBacklog: WAKE.first, workers: WAKE.first })
  for (let last: number = WAKE.first; last < maxWorkers; ) {
    last = Math.min(last * WAKE.growth, maxWorkers)
    steps.push({ fromBacklog: last * clipsPerWorker, workers: last })
  }
  return steps
}

/** Workers as jobs of AWS Batch: functions/dispatch starts as many as the backlog needs, and each ends by itself. */
export const BATCH = {
  dispatchSeconds: 60,
  /** Longer than two looks of the dispatcher, so that a trickle finds its worker still there. */
  untilIdleSeconds: 150,
} as const
