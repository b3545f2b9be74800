import {
  CPU_INSTANCE_TYPE_NAMES,
  CPU_INSTANCE_TYPES,
  type CpuInstanceTypeName,
  type MachineType,
} from './cpu-instance-types.ts'
import { INSTANCE_TYPE_NAMES, INSTANCE_TYPES, type InstanceTypeName } from './instance-types.ts'

/** A type of instance that a deployment may start, with a GPU or without. */
export type MachineTypeName = InstanceTypeName | CpuInstanceTypeName

const MACHINE_TYPES: Readonly<Record<MachineTypeName, MachineType>> = {
  ...INSTANCE_TYPES,
  ...CPU_INSTANCE_TYPES,
}

export const MACHINE_TYPE_NAMES: readonly MachineTypeName[] = [
  ...INSTANCE_TYPE_NAMES,
  ...CPU_INSTANCE_TYPE_NAMES,
]

export const machineTypeOf = (name: MachineTypeName): MachineType => MACHINE_TYPES[name]

/** Properties of a type that a deployment must know to start it. */
export interface MachineToStart extends Pick<MachineType, 'gpus' | 'vcpus' | 'memoryGib'> {
  /** As EC2 spells it. */
  readonly name: string
}

/** A type that the tables do not have, with its sizes: `g7e.2xlarge:1:8:64`. */
const UNLISTED = /^([a-z][a-z0-9-]*\.[a-z0-9-]+):(\d{1,2}):(\d{1,3}):(\d{1,4})$/

export const MACHINE_RULE = `must be ${MACHINE_TYPE_NAMES.join(', ')}, or for another type NAME:GPUS:VCPUS:GIB, such as g7e.2xlarge:1:8:64`

/** Reads the name of a type in the tables, or an unlisted one with its sizes; `null` for what breaks `MACHINE_RULE`. */
export const readMachine = (given: string): MachineToStart | null => {
  const known = MACHINE_TYPE_NAMES.find((name) => name === given)
  if (known !== undefined) return { name: known, ...machineTypeOf(known) }
  const [, name, ...sizes] = UNLISTED.exec(given) ?? []
  const [gpus = 0, vcpus = 0, memoryGib = 0] = sizes.map(Number)
  return name === undefined || vcpus === 0 || memoryGib === 0 ? null : { name, gpus, vcpus, memoryGib }
}

/** The same for what was read before. Throws for anything else. */
export const machineOf = (given: string): MachineToStart => {
  const machine = readMachine(given)
  if (machine === null) throw new Error(`${given}: ${MACHINE_RULE}`)
  return machine
}

/** Count of workers on a machine: one for each GPU, or one that has the whole machine. */
export const workersPerMachine = ({ gpus }: Pick<MachineType, 'gpus'>): number => Math.max(1, gpus)

/** Device that a worker's networks run on, by the names of SVD_DEVICE. */
export type WorkerDevice = 'cuda' | 'cpu'

export const deviceOfMachine = ({ gpus }: Pick<MachineType, 'gpus'>): WorkerDevice =>
  gpus === 0 ? 'cpu' : 'cuda'

/**
 * Types that a deployment starts if its configuration names none, the first preferred. With GPUs, there are many
 * types, because a Spot request finds stock more often if it may draw from more pools. Without, they are the smallest
 * sizes, because four vCPUs are within the quota of five that a new account may have.
 */
export const DEFAULT_MACHINE_TYPES: Readonly<Record<WorkerDevice, readonly MachineTypeName[]>> = {
  cuda: [
    ...(['g6e.xlarge', 'g6.xlarge', 'g5.xlarge', 'g6e.2xlarge', 'g6.2xlarge', 'g5.2xlarge'] as const),
    ...(['g6.4xlarge', 'g5.4xlarge', 'gr6.4xlarge'] as const),
  ],
  cpu: ['c7i.xlarge', 'm7i.xlarge', 'c7a.xlarge'],
}
