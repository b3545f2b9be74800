import path from 'node:path'
import { DescribeStackResourcesCommand, type StackResource } from '@aws-sdk/client-cloudformation'
import { bootstrap, deployFrom, type StackOutputs, synthesizeInto } from './cdk-deploy.ts'
import type { EmulatedAccount } from './emulated-account.ts'
import { readTemplates, STACKS, type StackName, type Templates, writeTemplates } from './stack-template.ts'
import { substituteIn, withoutTerminationProtection } from './substitutions.ts'

export interface Deployment {
  readonly account: EmulatedAccount
  /** The output of `cdk synth`. Its templates have the substitutions, its assets are as synthesized. */
  readonly assemblyDir: string
  readonly synthesized: Templates
  readonly outputs: StackOutputs
  /** Logical ids of what CloudFormation reports as made, by stack. */
  readonly created: Readonly<Record<StackName, ReadonlySet<string>>>
  /** Throws for a resource that was not made. */
  physicalIdOf(logicalId: string): string
}

const resourcesOf = async (
  { cloudFormation }: EmulatedAccount,
  stack: StackName,
): Promise<readonly StackResource[]> => {
  const { StackResources = [] } = await cloudFormation.send(
    new DescribeStackResourcesCommand({ StackName: stack }),
  )
  // moto has an entry without a name for each resource that it ignored.
  return StackResources.filter(({ LogicalResourceId }) => LogicalResourceId !== undefined)
}

/** The guide's commands, on moto: synthesized, bootstrapped, deployed, with the demo model's id. */
export const deployOnMoto = async (
  account: EmulatedAccount,
  compute: 'batch' | 'ec2',
  /** An empty folder of the caller. */
  workDir: string,
): Promise<Deployment> => {
  const assemblyDir = path.join(workDir, 'cdk.out')
  await Promise.all([
    synthesizeInto(assemblyDir, { compute, device: 'cpu', modelId: 'demo' }),
    bootstrap(account, workDir),
  ])
  const synthesized = await readTemplates(assemblyDir)
  await writeTemplates(assemblyDir, substituteIn(synthesized))
  await withoutTerminationProtection(assemblyDir)
  const outputs = await deployFrom(assemblyDir, account)
  const [storage, pipeline] = await Promise.all(STACKS.map((stack) => resourcesOf(account, stack)))
  const physicalIds = new Map(
    [...storage!, ...pipeline!].map(({ LogicalResourceId, PhysicalResourceId }) => [
      LogicalResourceId,
      PhysicalResourceId,
    ]),
  )
  const namesOf = (resources: readonly StackResource[]): ReadonlySet<string> =>
    new Set(resources.flatMap(({ LogicalResourceId }) => LogicalResourceId ?? []))
  return {
    ...{ account, assemblyDir, synthesized, outputs },
    created: { 'svd-storage': namesOf(storage!), 'svd-pipeline': namesOf(pipeline!) },
    physicalIdOf(logicalId) {
      const physicalId = physicalIds.get(logicalId)
      if (physicalId === undefined) throw new Error(`moto has not made ${logicalId}`)
      return physicalId
    },
  }
}
