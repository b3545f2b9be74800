import { dayOf, type FleetName, type FleetState } from '../../shared/contracts/dispatch-state.ts'
import { LINGER_SECONDS } from './fleet-figures.ts'

/*
 * What the machines of a day cost, by the minute. Counted is every machine that was asked for, whether it came, boots,
 * works, idles or fails, and for as long as it is kept after its last worker. So the estimate is rather too high.
 */

/** Of the interval from the last count to now, the hours that belong to today. */
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
  fleet: Pick<FleetState, 'machines' | 'machines_until'>,
  {
    name,
    asked,
    gpusPerMachine,
  }: {
    readonly name: FleetName
    readonly asked: number
    readonly gpusPerMachine: number
  },
  now: Date,
): Pick<FleetState, 'machines' | 'machines_until'> => {
  const machines = Math.ceil(asked / gpusPerMachine)
  const isKept = fleet.machines_until !== null && Date.parse(fleet.machines_until) > now.getTime()
  if (machines < fleet.machines && isKept) {
    return { machines: fleet.machines, machines_until: fleet.machines_until }
  }
  const until = new Date(now.getTime() + LINGER_SECONDS[name] * 1000).toISOString()
  return { machines, machines_until: machines === 0 ? null : until }
}

/** The start of the next UTC day: from then on money may be spent again. */
export const nextDay = (now: Date): Date => new Date(Date.parse(`${dayOf(now)}T00:00:00Z`) + 86_400_000)
