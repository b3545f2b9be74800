import { z } from 'zod'
import {
  DEFAULT_MACHINE_TYPES,
  deviceOfMachine,
  MACHINE_TYPE_NAMES,
  machineOf,
} from '../../shared/fleet/machine-types.ts'
import { CONFIG_FIELDS } from './config-fields.ts'
import { ECR_IMAGE } from './ecr-image.ts'

type Config = z.infer<z.ZodObject<typeof CONFIG_FIELDS>>

/** A float32 clip of 25 frames at full size, by the planner: test/worker/cli/doctor/deployed-memory.test.ts. */
const XT_ON_CPU_GIB = 16

const typesOf = ({ instanceTypes, device }: Config): readonly string[] =>
  instanceTypes.length > 0 ? instanceTypes : DEFAULT_MACHINE_TYPES[device]

/** Keys of the webhook that need one another. */
const webhookContradictions = (config: Config): readonly (readonly [keyof Config, string])[] => {
  const { webhookUrl, webhookApiKeySecret, webhookHmacSecret } = config
  const found: [keyof Config, string][] = []
  if (webhookUrl !== '' && webhookApiKeySecret === '')
    found.push([
      'webhookApiKeySecret',
      'must be given with webhookUrl: the receiver knows the sender by this key. Store one with aws secretsmanager create-secret',
    ])
  for (const key of ['webhookApiKeySecret', 'webhookHmacSecret'] as const) {
    if (webhookUrl === '' && config[key] !== '')
      found.push([key, 'has no effect without webhookUrl; give both or none'])
  }
  if (webhookHmacSecret !== '' && webhookHmacSecret === webhookApiKeySecret)
    found.push([
      'webhookHmacSecret',
      'must be another secret than webhookApiKeySecret, which is sent with each request; store a second one',
    ])
  return found
}

/** Keys that go together: which of them is wrong, and why. */
const contradictions = (config: Config): readonly (readonly [keyof Config, string])[] => {
  const { vpcId, subnetIds, compute, onDemandBase, onDemandPercent, network, workerImage } = config
  const { ingestConcurrency, ingestReservedConcurrency } = config
  const { modelId, device, instanceTypes, capacityReservationId, zoneNames, cudaImage } = config
  const found: [keyof Config, string][] = []
  if (vpcId !== '' && subnetIds.length === 0)
    found.push(['subnetIds', 'is empty, but vpcId is given; give both or none'])
  if (vpcId === '' && subnetIds.length > 0)
    found.push(['vpcId', 'is empty, but subnetIds are given; give both or none'])
  if (ingestReservedConcurrency > 0 && ingestReservedConcurrency < ingestConcurrency)
    found.push([
      'ingestReservedConcurrency',
      `must be 0, or at least ingestConcurrency (${ingestConcurrency}): SQS would call in vain, and drops be given up`,
    ])
  const ofOtherDevice = instanceTypes.filter((name) => deviceOfMachine(machineOf(name)) !== device)
  if (ofOtherDevice.length > 0)
    found.push([
      'instanceTypes',
      `must be types ${device === 'cpu' ? 'without a GPU' : 'with a GPU'} with device ${device}, which ${ofOtherDevice.join(', ')} ${ofOtherDevice.length === 1 ? 'is' : 'are'} not; or take device ${device === 'cpu' ? 'cuda' : 'cpu'}`,
    ])
  if (device === 'cpu' && new Set(instanceTypes.map((type) => machineOf(type).vcpus)).size > 1)
    found.push([
      'instanceTypes',
      'must all have the same number of vCPUs with device cpu: a larger one would get several workers, and a fleet is counted in instances',
    ])
  const small = typesOf(config).filter((name) => machineOf(name).memoryGib < XT_ON_CPU_GIB)
  if (device === 'cpu' && modelId === 'svd-xt' && small.length > 0)
    found.push([
      'instanceTypes',
      `must have ${XT_ON_CPU_GIB} GiB of memory for svd-xt on the CPU, and ${small.map((name) => `${name} has ${machineOf(name).memoryGib} GiB`).join(', ')}; take larger ones, or modelId demo`,
    ])
  if (cudaImage !== '' && (device === 'cpu' || workerImage !== ''))
    found.push([
      'cudaImage',
      'has no effect: no image with CUDA is built with device cpu, or with workerImage',
    ])
  if (capacityReservationId !== '' && (onDemandPercent !== 100 || instanceTypes.length !== 1))
    found.push([
      'capacityReservationId',
      'needs onDemandPercent 100, because Spot takes no reservation, and the one instance type that is reserved in instanceTypes',
    ])
  // "Has matching attributes (instance type, platform, Availability Zone, and tenancy)" (EC2 user guide, "Launch instances
  // into an existing Capacity Reservation").
  if (capacityReservationId !== '' && (vpcId === '' ? zoneNames : subnetIds).length !== 1)
    found.push([
      vpcId === '' ? 'zoneNames' : 'subnetIds',
      `must name the zone of capacityReservationId alone${vpcId === '' ? '' : ', by one subnet of it'}: EC2 launches into a reservation of the same zone only`,
    ])
  const unpriced = typesOf(config).filter((type) => !MACHINE_TYPE_NAMES.some((name) => name === type))
  if (config.maxUsdPerDay > 0 && config.usdPerMachineHour === 0 && unpriced.length > 0)
    found.push([
      'usdPerMachineHour',
      `must be given with maxUsdPerDay, because svd has no price of ${unpriced.join(', ')}`,
    ])
  if (config.usdPerMachineHour > 0 && config.maxUsdPerDay === 0)
    found.push(['usdPerMachineHour', 'has no effect without maxUsdPerDay'])
  if (compute === 'batch' && onDemandBase > 0)
    found.push(['onDemandBase', 'has a meaning for compute ec2 and both only; Batch goes by price'])
  if (compute !== 'batch' && onDemandBase > 0 && onDemandPercent === 100)
    found.push(['onDemandBase', 'has no effect with onDemandPercent 100: all instances are On-Demand'])
  if (compute === 'batch' && onDemandPercent > 0 && onDemandPercent < 100)
    found.push(['onDemandPercent', 'must be 0 (Spot, else On-Demand) or 100 (no Spot) with compute batch'])
  if (network === 'isolated' && workerImage !== '' && !ECR_IMAGE.test(workerImage))
    found.push(['workerImage', 'must be of ECR with network isolated: there is no way to other registries'])
  return found
}

export const deploymentConfigSchema = z
  .strictObject(CONFIG_FIELDS)
  .superRefine((config, context) => {
    for (const [key, message] of [...contradictions(config), ...webhookContradictions(config)]) {
      context.addIssue({ code: 'custom', path: [key], message })
    }
  })
  .transform((config) => ({ ...config, instanceTypes: typesOf(config) }))

export type DeploymentConfig = Readonly<z.infer<typeof deploymentConfigSchema>>
