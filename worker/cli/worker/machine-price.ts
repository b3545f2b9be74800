import type { Logger } from '@aws-lambda-powertools/logger'
import { PRICES_OF } from '../../../shared/fleet/instance-types.ts'
import { MACHINE_TYPE_NAMES, machineTypeOf, workersPerMachine } from '../../../shared/fleet/machine-types.ts'
import type { InstanceMetadata } from '../../instance/instance-metadata.ts'

/**
 * Price of an instance for each of its workers, in US dollars an hour. Every GPU has a worker of its own. Throws if
 * the price is not known.
 */
const priceOf = (typeName: string, lifeCycle: string): number => {
  const name = MACHINE_TYPE_NAMES.find((known) => known === typeName)
  if (name === undefined) throw new Error(`there is no price of ${typeName}`)
  const machine = machineTypeOf(name)
  const { onDemandUsdPerHour, spotUsdPerHour } = machine
  // The metadata do not contain the Spot price, so this takes the high end of its range.
  const usdPerHour = lifeCycle === 'spot' ? spotUsdPerHour?.high : onDemandUsdPerHour
  if (usdPerHour === undefined) throw new Error(`there is no Spot price of ${typeName}`)
  return usdPerHour / workersPerMachine(machine)
}

/**
 * Price of the setting, or with `auto` this worker's share of the price of its EC2 instance, in US dollars an hour. If
 * that is not known, logs a warning and returns `null`. Never throws.
 */
export const findUsdPerHour = async (
  setting: number | 'auto' | null,
  {
    metadata,
    logger,
  }: { readonly metadata: InstanceMetadata; readonly logger: Pick<Logger, 'info' | 'warn'> },
  signal: AbortSignal,
): Promise<number | null> => {
  if (setting !== 'auto') return setting
  const read = async (path: string): Promise<string> => {
    const answer = await metadata.read(path, signal)
    if (answer === null) throw new Error(`the metadata service has no ${path}`)
    return (await answer.text()).trim()
  }
  try {
    const instanceType = await read('instance-type')
    const lifeCycle = await read('instance-life-cycle')
    const usdPerHour = priceOf(instanceType, lifeCycle)
    logger.info('machine has a price', {
      ...{ instance_type: instanceType, life_cycle: lifeCycle },
      ...{ usd_per_hour: usdPerHour, prices_of: PRICES_OF },
    })
    return usdPerHour
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    logger.warn('machine has no known price', { reason })
    return null
  }
}
