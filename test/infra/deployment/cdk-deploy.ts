import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import type { DeploymentKeys } from '../synthesized.ts'
import { withoutAws } from '../without-aws.ts'
import type { EmulatedAccount } from './emulated-account.ts'

/** moto's own, for any credentials. */
const ACCOUNT_ID = '123456789012'

/** An image in a registry: what builds another one is Docker. */
const WORKER_IMAGE = `${ACCOUNT_ID}.dkr.ecr.us-east-1.amazonaws.com/svd:1`

/** The program that `npx cdk` runs in a checkout. */
const CDK = fileURLToPath(new URL('../../../node_modules/aws-cdk/bin/cdk', import.meta.url))

interface CdkOptions {
  readonly environment?: Readonly<Record<string, string>>
  /** The folder that has `cdk.json`. Default: this project. */
  readonly cwd?: string
}

const cdk = async (args: readonly string[], { environment, cwd }: CdkOptions = {}): Promise<void> => {
  const { failed, all } = await execa(process.execPath, [CDK, ...args], {
    ...{ extendEnv: false, all: true, reject: false, ...(cwd === undefined ? {} : { cwd }) },
    env: { ...withoutAws(), CDK_DISABLE_CLI_TELEMETRY: '1', ...environment },
  })
  if (failed) throw new Error(`cdk ${args[0]} failed:\n${all}`)
}

/** `npx cdk synth` into a folder, functions bundled. Neither an account nor an emulator takes part. */
export const synthesizeInto = (dir: string, keys: DeploymentKeys): Promise<void> => {
  const context = Object.entries({ workerImage: WORKER_IMAGE, ...keys })
  return cdk([
    ...['synth', '--quiet', '--output', dir],
    ...context.flatMap(([key, value]) => ['--context', `svd:${key}=${value}`]),
  ])
}

/** Outputs of each stack, by stack and by name. */
export type StackOutputs = Readonly<Record<string, Readonly<Record<string, string>>>>

const forCdk = ({ environment }: EmulatedAccount): Readonly<Record<string, string>> => ({
  ...environment,
  // moto finds a template's bucket in the path of its URL only where the host is AWS's or this name.
  AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION: environment['AWS_ENDPOINT_URL']!.replace('127.0.0.1', 'localhost'),
})

/**
 * `npx cdk bootstrap`: the stack with the bucket, the roles and the version that a deployment looks for. In an empty folder,
 * because CDK synthesizes the app of a project to ask it for its account.
 */
export const bootstrap = (account: EmulatedAccount, emptyDir: string): Promise<void> => {
  const place = `aws://${ACCOUNT_ID}/${account.environment['AWS_REGION']}`
  return cdk(['bootstrap', place, '--no-notices'], { environment: forCdk(account), cwd: emptyDir })
}

/**
 * `npx cdk deploy --all` of what was synthesized. CDK publishes functions and templates to the bootstrap stack's bucket,
 * and asks CloudFormation for each stack.
 */
export const deployFrom = async (dir: string, account: EmulatedAccount): Promise<StackOutputs> => {
  const outputs = path.join(dir, 'outputs.json')
  const how = ['--app', dir, '--require-approval', 'never', '--outputs-file', outputs]
  // moto resolves imports of another stack's exports in CreateStack and not in CreateChangeSet.
  await cdk(['deploy', '--all', '--method', 'direct', ...how], { environment: forCdk(account) })
  return JSON.parse(await readFile(outputs, 'utf8'))
}
