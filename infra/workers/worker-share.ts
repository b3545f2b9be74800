import { workerMemoryMib } from '../../shared/fleet/instance-types.ts'
import { type MachineTypeName, machineTypeOf, workersPerMachine } from '../../shared/fleet/machine-types.ts'

/** Of all types that may be started, the least that a worker finds: its share of the machine. */
export const leastShare = (
  names: readonly MachineTypeName[],
): { readonly vcpus: number; readonly memoryMib: number } => {
  const shares = names.map((name) => {
    const machine = machineTypeOf(name)
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
export const workersPerInstance = ([first]: readonly MachineTypeName[]): number =>
  first === undefined ? 1 : workersPerMachine(machineTypeOf(first))
