import { type Command, Option } from 'commander'
import { readNumber } from '../../../shared/contracts/argument-text.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { INSTANCE_TYPE_NAMES, type InstanceTypeName } from '../../../shared/fleet/instance-types.ts'
import { addClipOptions } from '../graphs/clip-options.ts'
import { CONFIGS_HELP } from '../graphs/open-configs.ts'
import { parseDuration } from '../terminal/duration.ts'
import { readWholeNumber } from '../whole-number.ts'

const NOTES = `
Each row says whether its seconds are counted or measured. Counted are FLOPs and bytes of every node of the graphs that
the CUDA provider runs, in float16, over the cards' data sheets (svd inspect --target cuda shows them). The two ends of a
range are what published runs of this model reach of the data sheets at best and at worst. When you know what a clip
takes on your card, give it: --seconds-per-clip. It is device_seconds in result.json, but not in that of a worker's first
clip, which loads the model and plans convolutions besides.

Time is from the first message to the last clip, on machines that boot first. Cost is for the machines alone, from
their boot to seven minutes after the last clip; without S3, SQS, ECR and network traffic.

  svd plan --checkpoint svd-xt --clips 10000
  svd plan --checkpoint svd-xt --clips 10000 --spot --instance-type g6e.xlarge --within 8h
`

export const addPlanOptions = (command: Command): Command => {
  command
    .summary('tell how long a batch takes on EC2, and what it costs')
    .description(
      'Counts the work of a clip, and tells hours, cost and what limits them for each GPU instance type.',
    )
    .requiredOption('--clips <n>', 'how many clips: images x combinations x videos of each')
    .requiredOption('-c, --checkpoint <dir>', CONFIGS_HELP)
    .option('--variant <name>', 'weight files of that name, such as fp16')
    .optionsGroup('Machines:')
    .addOption(new Option('--instance-type <name...>', 'only these (all)').choices(INSTANCE_TYPE_NAMES))
    .addOption(new Option('--spot', 'at Spot prices').conflicts('onDemand'))
    .option('--on-demand', 'at on-demand prices (the default)')
    .option('--workers <n>', 'cards that work at once; an instance has 1 or 8 (1, or what --within needs)')
    .option('--within <time>', 'print how many workers finish in this time, such as 90m or 8h')
    .option('--seconds-per-clip <x>', 'what a clip takes, where that was measured; with one --instance-type')
  return addClipOptions(command)
    .optionsGroup('Output:')
    .option('--json', 'one JSON object')
    .addHelpText('after', NOTES)
}

/** Options as Commander returns them. */
export interface PlanCommandOptions {
  readonly clips: string
  readonly checkpoint: string
  readonly variant?: string
  readonly instanceType?: readonly InstanceTypeName[]
  readonly spot?: true
  readonly onDemand?: true
  readonly workers?: string
  readonly within?: string
  readonly secondsPerClip?: string
  readonly json?: true
}

const MAX_CLIPS = 1e12
const MAX_WORKERS = 1e6
const MAX_SECONDS = 86_400

const secondsPerClip = (text: string, types: PlanCommandOptions['instanceType']): number => {
  const value = readNumber(text)
  if (typeof value !== 'number' || value <= 0 || value > MAX_SECONDS) {
    throw new InvalidInputError(
      '--seconds-per-clip',
      `got '${text}'; must be above 0 and at most ${MAX_SECONDS}`,
    )
  }
  if (types?.length === 1) return value
  throw new InvalidInputError(
    '--seconds-per-clip',
    'was measured on one card; name the one --instance-type that has it',
  )
}

const withinSeconds = (text: string): number => {
  const seconds = parseDuration('--within', text)
  if (seconds > 0) return seconds
  throw new InvalidInputError('--within', `got '${text}'; must be more than nothing`)
}

export interface PlanRequest {
  readonly clips: number
  readonly instanceTypes: readonly InstanceTypeName[]
  readonly purchase: 'on-demand' | 'spot'
  /** Count of workers; `null` if not given. */
  readonly workers: number | null
  readonly withinSeconds: number | null
  readonly givenSeconds: number | null
}

/** Reads the request from the options. Throws InvalidInputError. */
export const readPlanRequest = (options: PlanCommandOptions): PlanRequest => {
  const { clips, instanceType, spot, workers, within } = options
  return {
    clips: readWholeNumber('--clips', clips, MAX_CLIPS),
    instanceTypes: [...new Set(instanceType ?? INSTANCE_TYPE_NAMES)],
    purchase: spot ? 'spot' : 'on-demand',
    workers: workers === undefined ? null : readWholeNumber('--workers', workers, MAX_WORKERS),
    withinSeconds: within === undefined ? null : withinSeconds(within),
    givenSeconds:
      options.secondsPerClip === undefined ? null : secondsPerClip(options.secondsPerClip, instanceType),
  }
}
