import { workerMemoryMib } from '../../shared/fleet/instance-types.ts'
import { machineOf, workersPerMachine } from '../../shared/fleet/machine-types.ts'

/** Smallest share of a machine that a worker gets, over all types that may be started (`svd:instanceTypes`). */
export const leastShare = (
  types: readonly string[],
): { readonly vcpus: number; readonly memoryMib: number } => {
  const shares = types.map((type) => {
    const machine = machineOf(type)
    return {
      vcpus: Math.floor(machine.vcpus / workersPerMachine(machine)),
      memoryMib: workerMemoryMib(machine),
    }
  })
  return {
    vcpus: Math.min(...shares.map(({ vcpus }) => vcpus)),
    memoryMib: Math.min(...shares.map(({ memoryMib }) => memoryMib)),
  }
}

/** Workers of one machine of the fleet: all its types have the same number. */
export const workersPerInstance = ([first]: readonly string[]): number =>
  first === undefined ? 1 : workersPerMachine(machineOf(first))
