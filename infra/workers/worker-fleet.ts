import type { DeploymentConfig } from '../config/deployment-config.ts'
import type { Network } from '../network/network.ts'
import type { WorkerPlaces } from '../permissions/worker-permissions.ts'

/** Properties that both kinds of compute receive. */
export interface WorkerFleetProps extends WorkerPlaces {
  readonly config: DeploymentConfig
  readonly network: Network
}
