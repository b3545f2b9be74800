import type { Logger } from '@aws-lambda-powertools/logger'
import { PRICES_OF } from '../../shared/fleet/instance-types.ts'
import { MACHINE_TYPE_NAMES, machineTypeOf, workersPerMachine } from '../../shared/fleet/machine-types.ts'
import type { InstanceMetadata } from '../queue/instance-metadata.ts'

/** What an instance costs, for each of its workers: every GPU has one of its own. Throws where nobody knows. */
const priceOf = (typeName: string, lifeCycle: string): number => {
  const name = MACHINE_TYPE_NAMES.find((known) => known === typeName)
  if (name === undefined) throw new Error(`there is no price of ${typeName}`)
  const machine = machineTypeOf(name)
  const { onDemandUsdPerHour, spotUsdPerHour } = machine
  // What is paid for Spot, the metadata do not tell: of the range that it moves in, the high end.
  const usdPerHour = lifeCycle === 'spot' ? spotUsdPerHour?.high : onDemandUsdPerHour
  if (usdPerHour === undefined) throw new Error(`there is no Spot price of ${typeName}`)
  return usdPerHour / workersPerMachine(machine)
}

/**
 * The price of the setting, or by `auto` that of the EC2 instance this runs on, US dollars an hour. Null, and a warning
 * in the log, where that cannot be known: never throws.
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
