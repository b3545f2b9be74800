import { IDLE_SECONDS } from '../../functions/dispatch/fleet-figures.ts'

/*
 * How many workers there are for how much work. The stack deploys these figures and the simulation runs on them.
 *
 *   backlog = messages visible + in flight + delayed      needed = backlog / CLIPS_PER_WORKER, at most maxWorkers
 *
 * functions/dispatch reads the queue itself, once a minute, because metrics of SQS come one to two minutes late, and up
 * to a quarter of an hour late after the queue has slept. It starts workers of AWS Batch and sets the desired count of the
 * ECS service, both by the same rule: more workers at once, fewer when they have been idle for `untilIdleSeconds`.
 */

/** Period of Auto Scaling's metrics: CloudWatch has none that is finer. */
export const METRIC_PERIOD_SECONDS = 60

/**
 * Clips for each worker: about as long a work, at half a minute a clip, as a new worker takes to come. With fewer,
 * machines boot for clips that are done before they are ready.
 */
export const CLIPS_PER_WORKER = 10

/** Settings by which ECS sizes the Auto Scaling group to what the service's tasks need. */
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

export const DISPATCH = {
  everySeconds: 60,
  /** Workers of Batch end after so long without a job; the count of ECS follows a smaller need after as long. */
  untilIdleSeconds: IDLE_SECONDS,
} as const
