import type { FleetName } from '../../shared/contracts/dispatch-state.ts'
import { dearestUsdPerHour } from '../../shared/fleet/dearest-machine.ts'
import type { DeploymentConfig } from '../config/deployment-config.ts'

/**
 * The most that a machine of each fleet costs, in US dollars an hour. Batch takes On-Demand where there is no Spot, so
 * that all its machines count at On-Demand's price.
 */
export const machinePrices = (
  config: Pick<DeploymentConfig, 'instanceTypes' | 'onDemandBase' | 'onDemandPercent' | 'usdPerMachineHour'>,
): Readonly<Record<FleetName, number>> => {
  const { instanceTypes, onDemandBase, onDemandPercent, usdPerMachineHour } = config
  if (usdPerMachineHour > 0) return { batch: usdPerMachineHour, ecs: usdPerMachineHour }
  const isSpotAlone = onDemandBase === 0 && onDemandPercent === 0
  return {
    batch: dearestUsdPerHour(instanceTypes, 'on-demand'),
    ecs: dearestUsdPerHour(instanceTypes, isSpotAlone ? 'spot' : 'on-demand'),
  }
}
