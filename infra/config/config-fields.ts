import { z } from 'zod'
import {
  CHECK_SETTING_RULE,
  DEFAULT_SEVERITIES_TEXT,
  readCheckSetting,
} from '../../shared/contracts/clip-checks.ts'
import { DEFAULT_SIZES } from '../../shared/contracts/clip-size.ts'
import { MAX_JOBS } from '../../shared/contracts/manifest.ts'
import { modelIdSchema } from '../../shared/contracts/model-record.ts'
import { DEFAULT_WORK_LIMITS, MAX_JOB_WORK } from '../../shared/contracts/work-limits.ts'
import { DEFAULT_MACHINE_TYPES, machineOf, workersPerMachine } from '../../shared/fleet/machine-types.ts'
import { CLIPS_PER_WORKER } from '../scaling/scaling-policy.ts'
import { baseImageName, imageName } from './image-name.ts'
import { machineFault } from './machine-fault.ts'
import { WEBHOOK_FIELDS } from './webhook-fields.ts'
import { asNumber, wholeNumber } from './whole-number.ts'

/*
 * What can be chosen about a deployment. Each key is one of CDK's context, with `svd:` before it: in cdk.json, or on
 * the command line as `-c svd:compute=batch`. From there everything comes as text, so every schema takes text too.
 */

const oneOf = <const Value extends string>(...values: readonly Value[]) =>
  z.enum(values, `must be ${values.slice(0, -1).join(', ')} or ${values.at(-1)}`)

/** Such as 20 or 1.861. */
const usd = (max: number) => {
  const rule = `must be a number of US dollars from 0 to ${max}`
  return z.preprocess(asNumber, z.number(rule).min(0, rule).max(max, rule))
}

/** `a,b` or `["a", "b"]`. */
const listOf = <Item extends z.ZodType>(item: Item) =>
  z.preprocess(
    (given) =>
      typeof given === 'string'
        ? given
            .split(',')
            .map((part) => part.trim())
            .filter((part) => part !== '')
        : given,
    z.array(item),
  )

const isUnique = (items: readonly unknown[]): boolean => new Set(items).size === items.length

const instanceTypesSchema = listOf(
  z.string().superRefine((given, context) => {
    const message = machineFault(given)
    // Aborting, because rules about all types hold for types that can be read alone.
    if (message !== null) context.addIssue({ code: 'custom', message, continue: false })
  }),
)
  .refine((given) => isUnique(given.map((each) => machineOf(each).name)), 'must name each type once')
  .refine(
    (given) => new Set(given.map((each) => workersPerMachine(machineOf(each)))).size <= 1,
    'must all have the same number of GPUs: a fleet is counted in instances',
  )

/** As EC2 spells it, `us-east-1a`: another account's zone of that name is another zone. */
const zoneName = z
  .string()
  .regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, { error: 'must be like us-east-1a', abort: true })

/** A VPC is of one region: that of the deployment, which the keys do not name. */
const zoneNamesSchema = listOf(zoneName)
  .refine(isUnique, 'must name each zone once')
  .refine(
    (zones) => new Set(zones.map((zone) => zone.slice(0, -1))).size <= 1,
    'must all be of one region, the one that is deployed to',
  )

const qualityChecksSchema = listOf(
  z.string().refine((given) => readCheckSetting(given) !== null, CHECK_SETTING_RULE),
).refine(
  (settings) => new Set(settings.map((setting) => readCheckSetting(setting)?.[0])).size === settings.length,
  'must name each check once at most',
)

const idOf = (kind: string) =>
  z.string().regex(new RegExp(`^${kind}-[0-9a-f]{8,17}$`), `must be like ${kind}-0a1b2c3d`)

const DATE_RULE = 'must be a date such as 2026-11-30, or empty'
const EMAIL_RULE = 'must be an address such as ops@example.com, or empty'

/** Usual retention times of CloudWatch Logs, in days. */
const LOG_RETENTION_DAYS = [1, 3, 7, 14, 30, 60, 90, 180, 365, 731] as const

export const CONFIG_FIELDS = {
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,29}$/, 'must be up to 30 small letters, digits and -')
    .default('svd')
    .describe(
      'What the stacks are called: NAME-storage and NAME-pipeline. A second deployment needs another.',
    ),
  modelId: z
    .string()
    .refine(
      (id) => modelIdSchema.safeParse(id).success,
      'must be up to 100 letters, digits and ._-, as svd models push takes it',
    )
    .default('svd-xt')
    .describe('Which model renders: the id that `svd models push` gave it.'),
  compute: oneOf('batch', 'ec2', 'both')
    .default('batch')
    .describe(
      'What runs the workers: AWS Batch, an ECS service on EC2 Auto Scaling, or both, each of which looks at the whole backlog. Batch wakes up sooner and idles less, and takes On-Demand where there is no Spot; ECS rolls new versions out by itself.',
    ),
  device: oneOf('cuda', 'cpu')
    .default('cuda')
    .describe(
      'What workers render on. cuda: machines with an NVIDIA GPU. cpu: machines without, which need no quota of GPUs; a clip of the demo takes seconds there, and one of SVD-XT hours.',
    ),
  instanceTypes: instanceTypesSchema
    .default([])
    .describe(
      `EC2 instance types that may be started, the first preferred. The more, the rarer is Spot out of stock. A type that svd does not know goes with its sizes, NAME:GPUS:VCPUS:GIB, such as g7e.2xlarge:1:8:64. Empty: those that are shown, or with device=cpu ${DEFAULT_MACHINE_TYPES.cpu.join(', ')}.`,
    ),
  maxWorkers: wholeNumber(1, 5000)
    .default(4)
    .describe(
      'The most GPUs that work at the same time, for each kind of compute. It bounds what an hour costs.',
    ),
  clipsPerWorker: wholeNumber(1, 10_000)
    .default(CLIPS_PER_WORKER)
    .describe(
      'Clips that wait or are in work, for each worker, that scaling aims at. Fewer: sooner done, dearer.',
    ),
  maxUsdPerDay: usd(1_000_000)
    .default(0)
    .describe(
      'The most that machines may cost in a day (UTC), counted for every machine that is asked for. At it, none is started, and workers end after their clip, until the next day. It has to pay for a start of the dearest machine and half an hour of it, at least. 0: no limit but maxWorkers.',
    ),
  usdPerMachineHour: usd(1_000)
    .default(0)
    .describe(
      'What a machine counts an hour for maxUsdPerDay. 0: the price in us-east-1 of the dearest of instanceTypes, On-Demand where a machine may be On-Demand, as with Batch, else the highest of Spot.',
    ),
  onDemandBase: wholeNumber(0, 5000)
    .default(0)
    .describe('With ec2: so many instances are On-Demand before there are any of Spot.'),
  onDemandPercent: wholeNumber(0, 100)
    .default(0)
    .describe(
      'With ec2: the share of On-Demand among the others. 100: no Spot at all, also with Batch, which otherwise falls back to On-Demand where there is no Spot.',
    ),
  capacityReservationId: z
    .union([z.literal(''), idOf('cr')], 'must be like cr-0a1b2c3d, or empty')
    .default('')
    .describe(
      'An On-Demand Capacity Reservation of yours, in which all machines start. It has one instance type and one zone: name both, by instanceTypes and zoneNames or by a subnet of that zone, and onDemandPercent=100.',
    ),
  amiDate: z
    .union([z.literal(''), z.iso.date(DATE_RULE)], DATE_RULE)
    .default('')
    .describe(
      "The day of AWS's AMI for ECS. Machines get the newest AMI when this key is changed, and none by another deploy.",
    ),
  sessionManager: oneOf('off', 'on')
    .default('off')
    .describe(
      'on: people with the right to ssm:StartSession can open a shell on a machine, to look into a sick one.',
    ),
  workerImage: imageName
    .default('')
    .describe(
      'An image of worker/Dockerfile in a registry, best by digest. Empty: built and pushed at deploy.',
    ),
  cudaImage: baseImageName
    .default('')
    .describe(
      "What the worker's image is built on instead of NVIDIA's in worker/Dockerfile, such as a mirror of it in your ECR, to which Docker has to be logged in.",
    ),
  qualityChecks: qualityChecksSchema
    .default([])
    .describe(
      `Severities of the checks of finished clips, such as likeness=fail,seams=off. off: the check reports nothing; warn: the clip is published with a warning; fail: the clip is rejected. Of those that are not named, ${DEFAULT_SEVERITIES_TEXT}.`,
    ),
  network: oneOf('public', 'isolated')
    .default('public')
    .describe(
      'public: workers have public addresses, nothing can connect to them, and idle costs nothing. isolated: no way to the internet, interface endpoints instead.',
    ),
  availabilityZones: wholeNumber(1, 6)
    .default(3)
    .describe(
      'Zones of the VPC that is made. The more, the rarer is Spot out of stock. Some regions have two.',
    ),
  zoneNames: zoneNamesSchema
    .default([])
    .describe(
      'Names of the zones of the VPC that is made, such as us-east-1a,us-east-1b, where not every zone will do: for a capacity reservation, for a type of machine, or with network=isolated for an endpoint that a zone does not have. Empty: the first ones.',
    ),
  vpcId: z
    .union([z.literal(''), idOf('vpc')], 'must be like vpc-0a1b2c3d, or empty')
    .default('')
    .describe('An existing VPC instead; with it goes subnetIds. Endpoints and routes in it are yours.'),
  subnetIds: listOf(idOf('subnet'))
    .refine(isUnique, 'must name each subnet once')
    .default([])
    .describe(
      'Subnets of that VPC, public ones with network=public that give out public addresses, else with a way to S3, SQS, ECR, ECS and CloudWatch Logs.',
    ),
  encryption: oneOf('aws', 'kms')
    .default('aws')
    .describe(
      'Keys of S3 and SQS themselves, or a KMS key of this deployment, which costs a dollar a month.',
    ),
  ingestConcurrency: wholeNumber(2, 1000)
    .default(5)
    .describe(
      'Functions that look at uploaded objects side by side, at most. A new account may run ten in all.',
    ),
  ingestReservedConcurrency: wholeNumber(0, 1000)
    .default(0)
    .describe(
      'Of Lambda concurrency, set aside for ingest. 0: none. A new account has ten in all, of which none can be set aside.',
    ),
  ...WEBHOOK_FIELDS,
  maxJobWork: wholeNumber(1, MAX_JOB_WORK)
    .default(DEFAULT_WORK_LIMITS.maxJobWork)
    .describe(
      'The most work that ingest accepts of one job: width x height x num_frames x steps x num_videos_per_prompt, in which a usual clip of SVD-XT is 368640000.',
    ),
  maxManifestClips: wholeNumber(1, MAX_JOBS)
    .default(DEFAULT_WORK_LIMITS.maxManifestClips)
    .describe(
      'The most clips that ingest accepts of one manifest, or of one sidecar, with its grids expanded.',
    ),
  defaultSize: z
    .enum(DEFAULT_SIZES)
    .default('auto')
    .describe(
      "Size of clips whose request gives neither size nor fit. auto: the model's pixels in the image's own proportions. model: the model's own size, to which images are stretched.",
    ),
  inputDays: wholeNumber(0, 3650)
    .default(0)
    .describe('Uploaded images and manifests are deleted after so many days. 0: never.'),
  outputDays: wholeNumber(0, 3650)
    .default(0)
    .describe('Videos and records are deleted after so many days. 0: never.'),
  logDays: z
    .preprocess(asNumber, z.literal(LOG_RETENTION_DAYS, `must be one of ${LOG_RETENTION_DAYS.join(', ')}`))
    .default(30)
    .describe('How long logs are kept.'),
  alarmHours: wholeNumber(1, 240)
    .default(24)
    .describe('A job that waits for longer raises an alarm. A queue keeps messages for ten days.'),
  alarmEmail: z
    .union([z.literal(''), z.email(EMAIL_RULE)], EMAIL_RULE)
    .default('')
    .describe(
      'Who is told of alarms. AWS asks for a confirmation. Empty: nobody, until you subscribe to the topic.',
    ),
} as const
