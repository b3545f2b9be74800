import {
  type MachineTypeName,
  machineTypeOf,
  workersPerMachine,
} from '../../../shared/fleet/machine-types.ts'
import type { AwsAccount } from '../../../shared/ports/aws-account.ts'
import type { Services } from '../../aws/services.ts'
import { checkIdentity, checkVcpuQuota } from '../../preflight/account-checks.ts'
import { type Check, warn } from '../../preflight/check.ts'
import { checkPushedModel } from '../../preflight/pushed-model-check.ts'
import { checkBucket, checkDeadLetters, checkJobsQueue } from '../../preflight/resource-checks.ts'
import { checkDispatch } from './dispatch-check.ts'

/** Parts of a deployment to check. A part that is `null` was not given, and is not checked. */
export interface AwsToCheck {
  readonly inputBucket: string | null
  readonly outputBucket: string | null
  readonly modelsBucket: string | null
  readonly jobsQueueUrl: string | null
  readonly deadLetterQueueUrl: string | null
  /** Id of the model to check; `null` for all models in the bucket. */
  readonly modelId: string | null
  readonly instanceTypes: readonly MachineTypeName[]
  readonly purchases: readonly ('onDemand' | 'spot')[]
  readonly workers: number
}

const BUCKETS = [
  { name: 'input', part: 'inputBucket', option: '--input-bucket' },
  { name: 'output', part: 'outputBucket', option: '--output-bucket' },
  { name: 'models', part: 'modelsBucket', option: '--models-bucket' },
] as const

const PARTS = [
  ...BUCKETS,
  { part: 'jobsQueueUrl', option: '--jobs-queue-url' },
  { part: 'deadLetterQueueUrl', option: '--dead-letter-queue-url' },
] as const

const notGiven = (asked: AwsToCheck): readonly Check[] => {
  const missing = PARTS.filter(({ part }) => asked[part] === null).map(({ option }) => option)
  if (missing.length === 0) return []
  const found = `skipped, not specified: ${missing.join(', ')}`
  return [
    { name: 'deployment', ...warn(found, 'give the outputs of the stack, as options or SVD_ variables') },
  ]
}

const quotaChecks = (account: AwsAccount, asked: AwsToCheck, signal: AbortSignal): Promise<Check>[] =>
  asked.instanceTypes.flatMap((instanceType) =>
    asked.purchases.map((purchase) => {
      const instances = Math.ceil(asked.workers / workersPerMachine(machineTypeOf(instanceType)))
      return checkVcpuQuota(account, { instanceType, purchase, instances }, signal)
    }),
  )

const resourceChecks = (
  account: AwsAccount,
  services: Services,
  asked: AwsToCheck,
  signal: AbortSignal,
): Promise<Check>[] => {
  const { jobsQueueUrl, deadLetterQueueUrl } = asked
  const buckets = BUCKETS.flatMap(({ name, part, option }) => {
    const bucket = asked[part]
    return bucket === null ? [] : [checkBucket(account, { name, bucket, option }, signal)]
  })
  const readSettings = (within: AbortSignal) => services.readQueueSettings(jobsQueueUrl ?? '', within)
  const jobs =
    jobsQueueUrl === null ? [] : [checkJobsQueue(services.openQueue(jobsQueueUrl), readSettings, signal)]
  const deadLetters =
    deadLetterQueueUrl === null ? [] : [checkDeadLetters(services.openQueue(deadLetterQueueUrl), signal)]
  return [...buckets, ...jobs, ...deadLetters]
}

/** Checks the models, unless their bucket is not given or failed: a model cannot be where there is no bucket. */
const modelChecks = async (
  services: Services,
  { modelsBucket, modelId }: AwsToCheck,
  resources: readonly Check[],
  signal: AbortSignal,
): Promise<readonly Check[]> => {
  const bucket = resources.find(({ name }) => name === 'models')
  if (modelsBucket === null || bucket?.status === 'fail') return []
  return [await checkPushedModel(services.openBucket(modelsBucket), modelId, signal)]
}

/** Checks dispatch, unless the output bucket is not given or failed: dispatch cannot have written to it then. */
const dispatchChecks = async (
  services: Services,
  { outputBucket }: AwsToCheck,
  resources: readonly Check[],
  signal: AbortSignal,
): Promise<readonly Check[]> => {
  const bucket = resources.find(({ name }) => name === 'output')
  if (outputBucket === null || bucket?.status === 'fail') return []
  return [await checkDispatch(services.openBucket(outputBucket), services.clock.now(), signal)]
}

/**
 * Runs all checks of AWS at once. If the check of the credentials fails, it is the only one, because the others would
 * fail for the same reason. Throws only when `signal` is aborted.
 */
export const runAwsChecks = async (
  services: Services,
  asked: AwsToCheck,
  signal: AbortSignal,
): Promise<readonly Check[]> => {
  await using account = await services.openAccount()
  const identity = await checkIdentity(account, signal)
  if (identity.status === 'fail') return [identity]
  const [quotas, resources] = await Promise.all([
    Promise.all(quotaChecks(account, asked, signal)),
    Promise.all(resourceChecks(account, services, asked, signal)),
  ])
  return [
    identity,
    ...quotas,
    ...resources,
    ...(await modelChecks(services, asked, resources, signal)),
    ...(await dispatchChecks(services, asked, resources, signal)),
    ...notGiven(asked),
  ]
}
