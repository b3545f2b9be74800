import { type InstanceTypeName, instanceTypeOf } from './instance-types.ts'

/**
 * The most that a machine of these types costs, in US dollars an hour. `spot`: at the high end of Spot's range. A type
 * without a Spot price in the table counts at its On-Demand price: "If you don't specify a maximum price, the default
 * maximum price is the On-Demand price" (EC2 user guide, Spot Instance requests).
 */
export const dearestUsdPerHour = (
  names: readonly InstanceTypeName[],
  purchase: 'spot' | 'on-demand',
): number =>
  Math.max(
    ...names.map((name) => {
      const { onDemandUsdPerHour, spotUsdPerHour } = instanceTypeOf(name)
      return purchase === 'spot' && spotUsdPerHour !== null ? spotUsdPerHour.high : onDemandUsdPerHour
    }),
  )
