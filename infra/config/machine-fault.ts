import { InstanceArchitecture, InstanceType } from 'aws-cdk-lib/aws-ec2'
import { MACHINE_RULE, MACHINE_TYPE_NAMES, readMachine } from '../../shared/fleet/machine-types.ts'

/**
 * Families whose cards ONNX Runtime's CUDA provider has no code for (worker/cuda/card-support.ts). CDK cannot read the
 * names of some.
 */
const CARDS_WITHOUT_CODE: readonly (readonly [family: RegExp, card: string])[] = [
  [/^(g2|g3|g3s|p2|p3|p3dn)\./, 'a card older than T4'],
  [/^g4ad\./, 'a card of AMD'],
  [/^p6e?-/, 'B200s or their successors'],
]

/** By the name: "The AMI […] must match the architecture of the instance types" (AWS Batch, Ec2Configuration). */
const architectureOf = (name: string): InstanceArchitecture | null => {
  try {
    return new InstanceType(name).architecture
  } catch {
    return null
  }
}

/** Why no worker would start on a type that is in no table; `null` for a type that may have one. */
const unlistedFault = (name: string): string | null => {
  const card = CARDS_WITHOUT_CODE.find(([family]) => family.test(name))?.[1]
  if (card !== undefined)
    return `cannot be used: ${name} has ${card}, for which ONNX Runtime's CUDA provider has no code; take a type with T4, A100, A10G, L4, L40S, H100, H200 or a newer card of compute capability 12.x`
  const architecture = architectureOf(name)
  if (architecture === null) return `must begin with the name of an EC2 instance type, which ${name} is not`
  if (architecture === InstanceArchitecture.ARM_64)
    return `cannot be used: ${name} has an Arm processor, and the worker's image is for x86-64`
  return null
}

/** The rule that an item of `svd:instanceTypes` breaks; `null` if none. */
export const machineFault = (given: string): string | null => {
  const machine = readMachine(given)
  if (machine === null) return MACHINE_RULE
  const { name, gpus, vcpus } = machine
  if (name === given) return null
  if (MACHINE_TYPE_NAMES.some((known) => known === name))
    return `must be written as ${name}: its sizes are known`
  if (vcpus < gpus) return `must have at least one vCPU for each GPU, because a worker gets one GPU`
  return unlistedFault(name)
}
