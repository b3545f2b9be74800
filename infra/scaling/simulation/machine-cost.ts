import { type InstanceTypeName, instanceTypeOf } from '../../../shared/fleet/instance-types.ts'

export type Paying = 'spot' | 'on-demand'

/** US dollars an hour; Spot's is the middle of its range. Throws for a type without a Spot price. */
export const usdPerHour = (name: InstanceTypeName, paying: Paying): number => {
  const { onDemandUsdPerHour, spotUsdPerHour } = instanceTypeOf(name)
  if (paying === 'on-demand') return onDemandUsdPerHour
  if (spotUsdPerHour === null) throw new Error(`there is no Spot price of ${name}`)
  return (spotUsdPerHour.low + spotUsdPerHour.high) / 2
}
