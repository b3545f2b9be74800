/*
 * What scaling of the ECS service looks at, minute by minute: each as CloudWatch's metric math has it, and the same as
 * a function, on which the simulation runs. A test compares the two.
 *
 *   visible, inFlight   SQS           ApproximateNumberOfMessagesVisible, …NotVisible
 *   queued              ingest        JobsQueued, of its own log
 *   instances           Auto Scaling  GroupDesiredCapacity
 *   reservation         ECS           CapacityProviderReservation (namespace AWS/ECS/ManagedScaling), in percent
 */
import { TRACK } from './scaling-policy.ts'

export interface MinuteValues {
  /** Undefined: the minute has no value. */
  readonly visible: number | undefined
  readonly inFlight: number | undefined
  readonly queued: number | undefined
  readonly instances: number | undefined
  readonly reservation: number | undefined
}

export interface ScalingMetric {
  /** Its names are those of `MinuteValues`. */
  readonly expression: string
  /** Undefined: it has no value then. */
  readonly valueOf: (values: MinuteValues) => number | undefined
}

/**
 * Clips that wait while nobody works. Whether somebody works is asked of the queue: instances are still there a quarter
 * of an hour after the last worker has ended, and a clip that comes then would wait until they are gone.
 *
 * SQS stops to measure a queue that was not called for six hours, and its next values are up to a quarter of an hour
 * late. Ingest's own are not.
 */
export const WAKE_METRIC: ScalingMetric = {
  expression: 'IF(FILL(inFlight, 0) < 1, MAX([FILL(visible, 0), FILL(queued, 0)]), 0)',
  valueOf: ({ inFlight = 0, visible = 0, queued = 0 }) => (inFlight < 1 ? Math.max(visible, queued) : 0),
}

/**
 * Clips for each worker, to be held at `clipsPerWorker`.
 *
 * - It is no higher while many of ECS's tasks have no instance (a reservation far above 100): the service has its workers
 *   already, the group has not, and target tracking, which multiplies the former by this, would order them again.
 * - As long as workers have a clip in hand each, it is as it should be, however little waits: by the backlog alone, a
 *   fleet that keeps up is one too large, is cut to a few workers, falls behind and grows to twice what is needed.
 * - Without any instance it is as it should be, too: that is WAKE's.
 */
export const trackMetric = (clipsPerWorker: number, gpusPerInstance: number): ScalingMetric => {
  const workers = `(IF(instances > 0, instances, 1) * ${gpusPerInstance})`
  const inHand = `${clipsPerWorker} * IF(inFlight < ${workers}, inFlight / ${workers}, 1)`
  const needed = `MAX([(visible + inFlight) / ${workers}, ${inHand}])`
  const held = `IF(${needed} > ${clipsPerWorker}, ${clipsPerWorker}, ${needed})`
  return {
    expression: `IF(instances < 1, ${clipsPerWorker}, IF(FILL(reservation, 100) > ${TRACK.holdAboveReservation}, ${held}, ${needed}))`,
    valueOf: ({ visible, inFlight, instances, reservation = 100 }) => {
      if (visible === undefined || inFlight === undefined || instances === undefined) return undefined
      if (instances < 1) return clipsPerWorker
      const count = instances * gpusPerInstance
      const clips = Math.max((visible + inFlight) / count, clipsPerWorker * Math.min(1, inFlight / count))
      return reservation > TRACK.holdAboveReservation ? Math.min(clips, clipsPerWorker) : clips
    },
  }
}

/** Clips that wait or are in work, or came just now. No value where SQS has none: nobody is sent to sleep for that. */
export const SLEEP_METRIC: ScalingMetric = {
  expression: 'visible + inFlight + FILL(queued, 0)',
  valueOf: ({ visible, inFlight, queued = 0 }) =>
    visible === undefined || inFlight === undefined ? undefined : visible + inFlight + queued,
}
