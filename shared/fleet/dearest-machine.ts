import { MACHINE_TYPE_NAMES, machineTypeOf } from './machine-types.ts'

/**
 * The most that a machine of these types costs, in US dollars an hour. `spot`: at the high end of Spot's range. A type
 * without a Spot price in the table counts at its On-Demand price: "If you don't specify a maximum price, the default
 * maximum price is the On-Demand price" (EC2 user guide, Spot Instance requests). A type that is not in the tables counts
 * nothing.
 */
export const dearestUsdPerHour = (types: readonly string[], purchase: 'spot' | 'on-demand'): number =>
  Math.max(
    0,
    ...MACHINE_TYPE_NAMES.filter((name) => types.includes(name)).map((name) => {
      const { onDemandUsdPerHour, spotUsdPerHour } = machineTypeOf(name)
      return purchase === 'spot' && spotUsdPerHour !== null ? spotUsdPerHour.high : onDemandUsdPerHour
    }),
  )
