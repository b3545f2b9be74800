import { LINGER_SECONDS, PAID_RUN_SECONDS } from '../../functions/dispatch/fleet-figures.ts'
import type { FleetName } from '../../shared/contracts/dispatch-state.ts'
import { machinePrices } from '../scaling/machine-prices.ts'
import type { DeploymentConfig } from './deployment-config.ts'

const FLEETS: Readonly<Record<DeploymentConfig['compute'], readonly FleetName[]>> = {
  batch: ['batch'],
  ec2: ['ecs'],
  both: ['batch', 'ecs'],
}

/** The least `svd:maxUsdPerDay`, in US dollars, that dispatch starts a machine for: functions/dispatch/spend.ts. */
export const leastUsdPerDay = (config: DeploymentConfig): number => {
  const fleets = FLEETS[config.compute]
  const prices = machinePrices(config)
  const usd = fleets.map((name) => (prices[name] * (PAID_RUN_SECONDS + LINGER_SECONDS[name])) / 3600)
  return Math.min(...usd) * fleets.length
}
