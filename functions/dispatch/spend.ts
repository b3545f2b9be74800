import { dayOf, type FleetName, type FleetState } from '../../shared/contracts/dispatch-state.ts'
import { LINGER_SECONDS, MACHINES_FROM_ZERO, PAID_RUN_SECONDS } from './fleet-figures.ts'

/*
 * What the machines of a day cost, by the minute. Counted is every machine that was asked for, whether it came, boots,
 * works, idles or fails, and for as long as it is kept after its last worker.
 *
 *   spent so far │ idle time of the machines that are there │ rest
 *
 * The budget is reached when nothing is left for the rest, because the idle time is paid for in any case. What was paid for
 * moves from the middle to the left, so that a budget that is reached stays so until the day is over.
 */

/** Hours of the interval from the last count to now that belong to today. */
const hoursOfToday = (countedAt: string, now: Date): number => {
  const midnight = Date.parse(`${dayOf(now)}T00:00:00Z`)
  const fromMs = Math.max(Date.parse(countedAt), midnight)
  return Math.max(0, now.getTime() - fromMs) / 3_600_000
}

export interface SpendCounted {
  readonly day: string
  readonly countedAt: string
}

/** US dollars of a fleet today, its machines since the last count included. */
export const addUp = (
  { usd, machines }: Pick<FleetState, 'usd' | 'machines'>,
  { day, countedAt }: SpendCounted,
  usdPerMachineHour: number,
  now: Date,
): number => (day === dayOf(now) ? usd : 0) + hoursOfToday(countedAt, now) * machines * usdPerMachineHour

/** The machines that are paid for from now on: those for `asked` workers, and those that have lost theirs lately. */
export const machinesFor = (
  fleet: Pick<FleetState, 'asked' | 'machines' | 'machines_until'>,
  {
    name,
    asked,
    gpusPerMachine,
    maxWorkers,
  }: {
    readonly name: FleetName
    readonly asked: number
    readonly gpusPerMachine: number
    readonly maxWorkers: number
  },
  now: Date,
): Pick<FleetState, 'machines' | 'machines_until'> => {
  const most = Math.ceil(maxWorkers / gpusPerMachine)
  const isFirst = fleet.asked === 0 && asked > 0
  const least = isFirst ? Math.min(most, MACHINES_FROM_ZERO[name]) : 0
  const machines = Math.max(Math.ceil(asked / gpusPerMachine), least)
  const isKept = fleet.machines_until !== null && Date.parse(fleet.machines_until) > now.getTime()
  if (machines < fleet.machines && isKept) {
    return { machines: fleet.machines, machines_until: fleet.machines_until }
  }
  const until = new Date(now.getTime() + LINGER_SECONDS[name] * 1000).toISOString()
  return { machines, machines_until: machines === 0 ? null : until }
}

type PaidFor = Pick<FleetState, 'machines' | 'machines_until'>

/** US dollars for the time in which the machines of a fleet are kept, from now on. */
const usdToCome = ({ machines, machines_until }: PaidFor, usdPerHour: number, now: Date): number => {
  if (machines_until === null) return 0
  return (machines * usdPerHour * Math.max(0, Date.parse(machines_until) - now.getTime())) / 3_600_000
}

export interface BudgetFleet {
  readonly name: FleetName
  readonly fleet: PaidFor
  readonly usdPerMachineHour: number
}

export interface BudgetLeft {
  /** Workers take no further job, and none is started. */
  readonly isReached: boolean
  /** Machines of each fleet that may be started now. */
  readonly machines: Readonly<Record<FleetName, number>>
}

const NO_LIMIT: BudgetLeft = {
  isReached: false,
  machines: { batch: Number.POSITIVE_INFINITY, ecs: Number.POSITIVE_INFINITY },
}

/** Machines that the rest of the day's budget pays for. `maxUsdPerDay`: `null` for no limit. */
export const budgetLeft = (
  fleets: readonly BudgetFleet[],
  usdToday: number,
  maxUsdPerDay: number | null,
  now: Date,
): BudgetLeft => {
  if (maxUsdPerDay === null) return NO_LIMIT
  const sumOf = (usdOf: (fleet: BudgetFleet) => number): number =>
    fleets.reduce((sum, fleet) => sum + usdOf(fleet), 0)
  const rest =
    maxUsdPerDay -
    usdToday -
    sumOf(({ fleet, usdPerMachineHour }) => usdToCome(fleet, usdPerMachineHour, now))
  const forOthers = sumOf(
    ({ fleet, usdPerMachineHour }) => (fleet.machines * usdPerMachineHour * PAID_RUN_SECONDS) / 3600,
  )
  const machines = { batch: 0, ecs: 0 }
  for (const { name, usdPerMachineHour } of fleets) {
    const usd = (usdPerMachineHour * (PAID_RUN_SECONDS + LINGER_SECONDS[name])) / 3600
    // Each fleet gets its share, or both would spend the same rest.
    machines[name] = Math.max(0, Math.floor((rest - forOthers) / fleets.length / usd))
  }
  const isIdle = fleets.every(({ fleet }) => fleet.machines === 0)
  const isTooLittle = isIdle && fleets.every(({ name }) => machines[name] === 0)
  return { isReached: rest <= 0 || isTooLittle, machines }
}

/** The start of the next UTC day: from then on money may be spent again. */
export const nextDay = (now: Date): Date => new Date(Date.parse(`${dayOf(now)}T00:00:00Z`) + 86_400_000)
