import { type FleetState, NEW_FLEET, type Waits } from '../../shared/contracts/dispatch-state.ts'
import { BACK_OFF_MINUTES, MESSAGES_PER_WORKER, START_LIMIT_SECONDS } from './fleet-figures.ts'

/*
 * How many workers of a fleet may be started. A deployment or a model is proven when one of its workers has taken a
 * message. Until then one worker is tried at a time, the canary:
 *
 *   another deployment or model ──▶ canary ──takes a message──▶ proven ──▶ as many as the backlog needs
 *                                   ▲    │                        │
 *                                   │    └──────fails─────────────┴──▶ back-off: 1, 2, 4 … 60 minutes
 *                                   └───────────────────────────────────┘
 *
 * A start has failed when
 *   a worker job of Batch ended FAILED       and no worker of this deployment has a message, or no more run than failed
 *   workers ran, and none took a message     for START_LIMIT_SECONDS, while messages wait
 *
 * Failed starts count on until workers have worked for START_LIMIT_SECONDS, or nothing is left to do. So a worker that takes
 * a message and dies is backed off from like one that takes none.
 *
 * Where no worker ran at all in that time, there is no machine: nothing failed and nothing is spent, so the fleet goes on
 * asking for it. Without the model's record nothing is started, because each worker would end at once.
 */

/** A fleet at one moment. */
export interface FleetSeen {
  /** Job definition or deployment of the workers that would be started. */
  readonly revision: string
  /** ETag of the model's record; `null`: there is none; `undefined`: dispatch did not read it, because nothing waits. */
  readonly model: string | null | undefined
  readonly visible: number
  readonly inFlight: number
  /** Workers of `revision` that were asked for and have not ended. */
  readonly asked: number
  /** Workers of `revision` that run. */
  readonly running: number
  /** Running workers that may hold messages too: of an earlier revision, or of the other fleet. */
  readonly others: number
  /** Reasons of worker jobs of `revision` that ended FAILED since the last decision. */
  readonly failed: readonly string[]
  /** Workers take no job for the rest of the day, so that one that takes none has not failed. */
  readonly isPaused: boolean
}

export interface FleetStarts {
  readonly fleet: FleetState
  /** The most workers of this revision that may be asked for. */
  readonly most: number
}

const secondsSince = (time: string, now: Date): number => (now.getTime() - Date.parse(time)) / 1000

const retryAt = (failures: number, now: Date): string => {
  const minutes = BACK_OFF_MINUTES[failures - 1] ?? BACK_OFF_MINUTES.at(-1)!
  return new Date(now.getTime() + minutes * 60_000).toISOString()
}

/** The state that the decision starts from: of the same deployment and model, or a new one. */
const stateFor = (before: FleetState, { revision, model }: FleetSeen): FleetState => {
  const isOtherModel = typeof model === 'string' && (model !== before.model || before.waits === 'model')
  if (revision === before.revision && !isOtherModel) return before
  const { asked, machines, machines_until, usd, surplus, hidden } = before
  const kept = { asked, machines, machines_until, usd, surplus, hidden }
  return { ...NEW_FLEET, ...kept, revision, model: model ?? before.model }
}

/** Whether a worker of this revision has a message: more are in flight than are hidden or with other workers. */
const hasMessage = (
  { inFlight, running, others }: FleetSeen,
  { running_since, hidden }: Pick<FleetState, 'running_since' | 'hidden'>,
  now: Date,
): boolean => {
  if (running === 0 || inFlight === 0) return false
  if (inFlight > MESSAGES_PER_WORKER * others + hidden) return true
  // Nobody can tell whose they are. A worker that cannot work has ended long before.
  return running_since !== null && secondsSince(running_since, now) >= START_LIMIT_SECONDS
}

/** Nobody can tell yet whether the messages in flight are with this worker or with others. */
const mayHaveMessage = ({ running, inFlight }: FleetSeen): boolean => running > 0 && inFlight > 0

const failed = (fleet: FleetState, failure: string, now: Date): FleetState => {
  const failures = fleet.failures + 1
  return {
    ...{ ...fleet, proven: false, failures, failure, retry_at: retryAt(failures, now) },
    ...{ trying_since: null, seen_running: false, running_since: null },
  }
}

/**
 * Whether earlier failed starts are forgotten: workers have worked for as long as a start may take, or have left nothing to
 * do. A message that was taken is not enough: workers that die of it would start without a pause for ever.
 */
const isHealthy = (
  { proven, running_since }: FleetState,
  { visible, inFlight }: FleetSeen,
  works: boolean,
  now: Date,
): boolean => {
  const isLasting = running_since !== null && secondsSince(running_since, now) >= START_LIMIT_SECONDS
  return proven && ((works && isLasting) || visible + inFlight === 0)
}

const waitsOf = (fleet: FleetState, seen: FleetSeen, overdue: boolean, now: Date): Waits | null => {
  if (seen.visible + seen.inFlight === 0) return null
  if (seen.model === null) return 'model'
  if (fleet.retry_at !== null && Date.parse(fleet.retry_at) > now.getTime()) return 'back-off'
  if (overdue) return 'machine'
  return fleet.proven ? null : 'canary'
}

/** Pure: the same state and the same inputs give the same decision. */
export const decideStarts = (before: FleetState, seen: FleetSeen, now: Date): FleetStarts => {
  let fleet = stateFor(before, seen)
  const running_since = seen.running > 0 ? (fleet.running_since ?? now.toISOString()) : null
  const isEmpty = seen.running + seen.others === 0
  const hidden = isEmpty ? seen.inFlight : Math.min(fleet.hidden, seen.inFlight)
  const works = hasMessage(seen, { running_since, hidden }, now)
  const tries = !works && !seen.isPaused && seen.asked > 0 && seen.visible > 0
  const trying_since = tries ? (fleet.trying_since ?? now.toISOString()) : null
  const seen_running = tries && (fleet.seen_running || seen.running > 0)
  fleet = { ...fleet, running_since, hidden, trying_since, seen_running }

  const overdue = trying_since !== null && secondsSince(trying_since, now) >= START_LIMIT_SECONDS
  const [reason] = seen.failed
  const mostFail = seen.failed.length >= seen.running
  if (reason !== undefined && (!works || mostFail)) fleet = failed(fleet, reason, now)
  else if (works) fleet = { ...fleet, proven: true, retry_at: null }
  else if (overdue && seen_running && !mayHaveMessage(seen)) {
    const minutes = START_LIMIT_SECONDS / 60
    fleet = failed(fleet, `workers ran for ${minutes} minutes, and none took a message`, now)
  }

  if (isHealthy(fleet, seen, works, now)) fleet = { ...fleet, failures: 0, failure: null }

  const waits = waitsOf(fleet, seen, overdue && !seen_running, now)
  const most = waits === 'model' || waits === 'back-off' ? 0 : fleet.proven ? Number.POSITIVE_INFINITY : 1
  return { fleet: { ...fleet, waits }, most }
}
