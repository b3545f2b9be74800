import { type InstanceTypeName, instanceTypeOf } from '../../shared/fleet/instance-types.ts'
import { parseModelId } from '../models/describe-model.ts'
import { deploymentPart } from './deployment.ts'
import type { AwsToCheck } from './doctor-aws-checks.ts'
import type { DoctorOptions } from './doctor-options.ts'
import { readWholeNumber } from './whole-number.ts'

/** Whose quotas a fleet of the default kind falls under, and how large its instances are. */
const DEFAULT_INSTANCE_TYPE: InstanceTypeName = 'g6e.xlarge'

const MAX_WORKERS = 1e6

/** Throws InvalidInputError. */
export const readAwsToCheck = (
  options: DoctorOptions,
  environment: Readonly<Record<string, string | undefined>>,
): AwsToCheck => {
  const part = (name: Parameters<typeof deploymentPart>[0]) => deploymentPart(name, options, environment)
  const modelId = part('modelId')
  // One of each quota and size is enough: those that are alike would be told the same.
  const alike = Map.groupBy(new Set(options.instanceType ?? [DEFAULT_INSTANCE_TYPE]), (name) => {
    const { quotaFamily, vcpus, gpus } = instanceTypeOf(name)
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
