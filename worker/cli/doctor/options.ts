import { type Command, Option } from 'commander'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { MACHINE_TYPE_NAMES, type MachineTypeName } from '../../../shared/fleet/machine-types.ts'
import type { DeploymentOptions } from '../../aws/deployment.ts'
import { addDeploymentOptions } from '../deployment-options.ts'
import { deviceOption } from '../device-options.ts'

const NOTES = `
Exit code 1 if anything would stop a render, or with --aws a batch; warnings do not.

  svd doctor --checkpoint svd-xt --device cuda
  svd doctor --aws --instance-type g6e.xlarge --workers 4
`

export const addDoctorOptions = (command: Command): Command => {
  command
    .summary('check that this machine can render, or that the AWS account is ready')
    .description(
      'Checks Node, ONNX Runtime, ffmpeg, memory, the device, disk space and, if given, a checkpoint. With --aws instead: ' +
        'credentials, vCPU quotas, buckets, queues, and that the model is there.',
    )
    .optionsGroup('Machine:')
    .option('-c, --checkpoint <dir>', 'also check this checkpoint: configs, weight files, every tensor')
    .option('--variant <name>', 'weight files of that name, such as fp16')
    .option('--output-dir <dir>', 'where videos will go', '.')
    .addOption(deviceOption())
    .optionsGroup('AWS:')
    .addOption(
      new Option('--aws', 'check the AWS account, not this machine').conflicts(['checkpoint', 'device']),
    )
    .addOption(
      new Option(
        '--instance-type <name...>',
        'what the fleet is made of (SVD_INSTANCE_TYPES, else g6e.xlarge)',
      ).choices(MACHINE_TYPE_NAMES),
    )
    .option('--workers <n>', 'cards that will work at once (1)')
    .addOption(new Option('--spot', 'only the quota of Spot instances (both)').conflicts('onDemand'))
    .option('--on-demand', 'only the quota of on-demand instances')
  return addDeploymentOptions(command, [
    ...(['inputBucket', 'outputBucket', 'modelsBucket', 'jobsQueueUrl', 'deadLetterQueueUrl'] as const),
    'modelId',
  ])
    .optionsGroup('Output:')
    .option('--json', 'one JSON object')
    .addHelpText('after', NOTES)
}

const AWS_ONLY = {
  ...{ instanceType: '--instance-type', workers: '--workers', spot: '--spot', onDemand: '--on-demand' },
  ...{ inputBucket: '--input-bucket', outputBucket: '--output-bucket', modelsBucket: '--models-bucket' },
  ...{
    jobsQueueUrl: '--jobs-queue-url',
    deadLetterQueueUrl: '--dead-letter-queue-url',
    modelId: '--model-id',
  },
} as const satisfies Partial<Record<keyof DoctorOptions, string>>

/** Options that would be read by nobody. Throws InvalidInputError. */
export const assertMachineOptions = (options: DoctorOptions): void => {
  const names = Object.keys(AWS_ONLY) as (keyof typeof AWS_ONLY)[]
  const given = names.filter((name) => options[name] !== undefined).map((name) => AWS_ONLY[name])
  if (given.length > 0) throw new InvalidInputError(given.join(', '), 'only goes with --aws')
}

export interface DoctorOptions extends DeploymentOptions {
  readonly checkpoint?: string
  readonly variant?: string
  readonly outputDir: string
  /** Not parsed yet. */
  readonly device?: string
  readonly aws?: true
  readonly instanceType?: readonly MachineTypeName[]
  readonly workers?: string
  readonly spot?: true
  readonly onDemand?: true
  readonly json?: true
}
