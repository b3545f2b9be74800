import { readFileSync } from 'node:fs'
import { App } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { addDeployment } from '../../infra/deployment.ts'

/** The context as the cdk command gives it: feature flags, and the keys that are not the defaults. */
const CONTEXT = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')).context

/** An existing image, so that synthesis does not search the whole project for the files of one. */
const IMAGE = `123456789012.dkr.ecr.us-east-1.amazonaws.com/svd@sha256:${'0'.repeat(64)}`

export type DeploymentKeys = Readonly<Record<string, string | number | readonly string[]>>

/** Every choice that makes other resources. */
export const VARIANTS = {
  ec2: { compute: 'ec2' },
  batch: { compute: 'batch' },
  both: { compute: 'both' },
  isolated: { compute: 'both', network: 'isolated' },
  kms: { compute: 'both', encryption: 'kms', alarmEmail: 'alarms@example.com' },
  webhook: {
    ...{ compute: 'both', encryption: 'kms' },
    webhookUrl: 'https://example.com/hooks/svd',
    webhookApiKeySecret: 'svd/webhook-key',
    webhookHmacSecret: 'svd/webhook-hmac',
  },
  cpu: { compute: 'both', device: 'cpu', modelId: 'demo' },
  'session-manager': { compute: 'both', network: 'isolated', sessionManager: 'on' },
  reserved: {
    compute: 'both',
    instanceTypes: 'g6e.xlarge',
    onDemandPercent: 100,
    capacityReservationId: 'cr-0a1b2c3d4e5f60718',
    zoneNames: ['us-east-1a'],
  },
  'existing-vpc': {
    compute: 'ec2',
    vpcId: 'vpc-0a1b2c3d',
    subnetIds: ['subnet-0a1b2c3d', 'subnet-1a1b2c3d'],
  },
} as const satisfies Record<string, DeploymentKeys>

export type Variant = keyof typeof VARIANTS
export const VARIANT_NAMES = Object.keys(VARIANTS) as readonly Variant[]

export const openApp = (keys: DeploymentKeys = {}, context: Readonly<Record<string, unknown>> = {}): App => {
  const given = Object.entries({ workerImage: IMAGE, ...keys }).map(([key, value]) => [`svd:${key}`, value])
  // Functions are not bundled here; one test bundles them and checks the output.
  return new App({
    context: { ...CONTEXT, 'aws:cdk:bundling-stacks': [], ...Object.fromEntries(given), ...context },
  })
}

export interface Synthesized {
  readonly storage: Template
  readonly pipeline: Template
}

const synthesized = new Map<string, Synthesized>()

/** The templates of a deployment. Made once for the same keys. */
export const synthesize = (keys: DeploymentKeys = {}): Synthesized => {
  const name = JSON.stringify(keys)
  const known = synthesized.get(name)
  if (known !== undefined) return known
  const { storage, pipeline } = addDeployment(openApp(keys))
  const made = { storage: Template.fromStack(storage), pipeline: Template.fromStack(pipeline) }
  synthesized.set(name, made)
  return made
}
