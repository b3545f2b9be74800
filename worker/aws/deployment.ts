import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'

/**
 * Parts of a deployment, each with its option and its variable. Region, credentials and endpoint are not among them: those
 * come from the standard AWS environment alone. Errors name options as the command line does, and `worker/api` translates
 * them.
 */
export const DEPLOYMENT_PARTS = {
  inputBucket: {
    option: '--input-bucket',
    value: 'name',
    variable: 'SVD_INPUT_BUCKET',
    help: 'bucket that images and manifests are uploaded to',
  },
  outputBucket: {
    option: '--output-bucket',
    value: 'name',
    variable: 'SVD_OUTPUT_BUCKET',
    help: 'where records and videos are',
  },
  jobsQueueUrl: {
    option: '--jobs-queue-url',
    value: 'url',
    variable: 'SVD_JOBS_QUEUE_URL',
    help: 'the queue of jobs',
  },
  deadLetterQueueUrl: {
    option: '--dead-letter-queue-url',
    value: 'url',
    variable: 'SVD_DEAD_LETTER_QUEUE_URL',
    help: 'the queue of messages that failed for good',
  },
  model: {
    option: '--model',
    value: 'source',
    variable: 'SVD_MODEL',
    help: 'a diffusers folder, or s3://BUCKET/models/ID/',
  },
  modelsBucket: {
    option: '--models-bucket',
    value: 'name',
    variable: 'SVD_MODELS_BUCKET',
    help: 'where checkpoints are',
  },
  modelId: {
    option: '--model-id',
    value: 'id',
    variable: 'SVD_MODEL_ID',
    help: 'the model that jobs are for',
  },
} as const

export type DeploymentPart = keyof typeof DEPLOYMENT_PARTS

/** Values by part, such as the options of a command. */
export type DeploymentOptions = { readonly [Part in DeploymentPart]?: string }

/** Value of an option, else of its variable. An empty variable counts as not set. */
export const deploymentPart = (
  part: DeploymentPart,
  options: DeploymentOptions,
  environment: Readonly<Record<string, string | undefined>>,
): string | null => options[part] || environment[DEPLOYMENT_PARTS[part].variable] || null

/** Throws one InvalidInputError that names everything that is missing, and both ways to give it. */
export const readDeployment = <Part extends DeploymentPart>(
  parts: readonly Part[],
  options: DeploymentOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<Part, string>> => {
  const found = parts.map((part) => [part, deploymentPart(part, options, environment)] as const)
  const missing = found.flatMap(([part, value]) => (value === null ? [DEPLOYMENT_PARTS[part]] : []))
  const [first] = missing
  if (first !== undefined) {
    const ways = missing.map(({ option, variable }) => `${option} or ${variable}`)
    throw new InvalidInputError(
      first.option,
      `is not given; this command needs ${ways.join(', ')} (an option, or a variable of the environment): ` +
        'run what `svd local` prints, or the output `Environment` of the stack `svd-pipeline`',
    )
  }
  return Object.fromEntries(found) as Record<Part, string>
}
