import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import {
  MACHINE_TYPE_NAMES,
  type MachineTypeName,
  machineTypeOf,
} from '../../../shared/fleet/machine-types.ts'
import { deploymentPart } from '../../aws/deployment.ts'
import { parseModelId } from '../../models/describe-model.ts'
import { readWholeNumber } from '../whole-number.ts'
import type { AwsToCheck } from './aws-checks.ts'
import type { DoctorOptions } from './options.ts'

/** Instance type with the quota and the size of a fleet of the default kind. */
const DEFAULT_INSTANCE_TYPE: MachineTypeName = 'g6e.xlarge'

/** Variable with the instance types that the deployment printed, with commas. */
const TYPES_VARIABLE = 'SVD_INSTANCE_TYPES'

const readTypes = (given: string): readonly MachineTypeName[] =>
  given.split(',').map((name) => {
    const known = MACHINE_TYPE_NAMES.find((each) => each === name.trim())
    if (known !== undefined) return known
    throw new InvalidInputError(
      TYPES_VARIABLE,
      `got '${name}'; must be of ${MACHINE_TYPE_NAMES.join(', ')}, with commas; or give --instance-type`,
    )
  })

/** Instance types of the option, else of the deployment, else the default one. */
const typesToCheck = (
  option: readonly MachineTypeName[] | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): readonly MachineTypeName[] => {
  const deployed = environment[TYPES_VARIABLE]
  return option ?? (deployed ? readTypes(deployed) : [DEFAULT_INSTANCE_TYPE])
}

const MAX_WORKERS = 1e6

/** Reads the parts to check from options and environment. Throws InvalidInputError. */
export const readAwsToCheck = (
  options: DoctorOptions,
  environment: Readonly<Record<string, string | undefined>>,
): AwsToCheck => {
  const part = (name: Parameters<typeof deploymentPart>[0]) => deploymentPart(name, options, environment)
  const modelId = part('modelId')
  // One type of each quota and size is enough, because types that are alike would get the same result.
  const alike = Map.groupBy(new Set(typesToCheck(options.instanceType, environment)), (name) => {
    const { quotaFamily, vcpus, gpus } = machineTypeOf(name)
    return `${quotaFamily} ${vcpus} ${gpus}`
  })
  return {
    inputBucket: part('inputBucket'),
    outputBucket: part('outputBucket'),
    modelsBucket: part('modelsBucket'),
    jobsQueueUrl: part('jobsQueueUrl'),
    deadLetterQueueUrl: part('deadLetterQueueUrl'),
    modelId: modelId === null ? null : parseModelId('--model-id', modelId),
    instanceTypes: [...alike.values()].flatMap(([name]) => (name === undefined ? [] : [name])),
    purchases: options.spot ? ['spot'] : options.onDemand ? ['onDemand'] : ['onDemand', 'spot'],
    workers: options.workers === undefined ? 1 : readWholeNumber('--workers', options.workers, MAX_WORKERS),
  }
}
