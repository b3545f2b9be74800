import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { DescribeJobDefinitionsCommand } from '@aws-sdk/client-batch'
import { DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs'
import { execa } from 'execa'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import type { Deployment } from './deploy-on-moto.ts'
import { logicalIdsOf } from './stack-template.ts'

const SVD = fileURLToPath(new URL('../../../worker/cli/svd.ts', import.meta.url))

interface Container {
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

interface NamedValue {
  readonly name?: string | undefined
  readonly value?: string | undefined
}

const environmentOf = (values: readonly NamedValue[] = []): Readonly<Record<string, string>> =>
  Object.fromEntries(values.map(({ name = '', value = '' }) => [name, value]))

const idOf = ({ synthesized }: Deployment, type: string): string =>
  logicalIdsOf(synthesized['svd-pipeline'], type)[0]!

/** The worker's container as moto has it: of the job definition, or of the task definition. */
export const deployedContainer = async (
  deployment: Deployment,
  compute: 'batch' | 'ec2',
): Promise<Container> => {
  const { account, physicalIdOf } = deployment
  if (compute === 'batch') {
    const definition = physicalIdOf(idOf(deployment, 'AWS::Batch::JobDefinition'))
    const asked = new DescribeJobDefinitionsCommand({ jobDefinitions: [definition] })
    const { jobDefinitions } = await account.batch.send(asked)
    const { command = [], environment } = jobDefinitions?.[0]?.containerProperties ?? {}
    return { command, environment: environmentOf(environment) }
  }
  const taskDefinition = physicalIdOf(idOf(deployment, 'AWS::ECS::TaskDefinition'))
  const asked = await account.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }))
  const [container] = asked.taskDefinition?.containerDefinitions ?? []
  // Without a command of its own a container runs its image's.
  return { command: container?.command ?? ['worker'], environment: environmentOf(container?.environment) }
}

/** Settings that differ from the container's so that the test does not take minutes. */
export const WORKER_SUBSTITUTES = {
  SVD_UNTIL_IDLE: '2',
} as const

/**
 * Runs the worker until nothing is left to do, and returns its log. `services` are addresses of what a machine of AWS has
 * and this one does not: the metadata service, and the agent of ECS.
 */
export const runDeployedWorker = async (
  { account }: Deployment,
  { command, environment }: Container,
  services: Readonly<Record<string, string>>,
): Promise<string> => {
  const dir = await temporaryDir()
  const { all } = await execa(process.execPath, [SVD, ...command], {
    ...{ extendEnv: false, all: true },
    env: {
      PATH: process.env['PATH'] ?? '',
      // As worker/Dockerfile sets them to volumes.
      SVD_CACHE_DIR: path.join(dir, 'cache'),
      SVD_SCRATCH_DIR: path.join(dir, 'scratch'),
      ...account.environment,
      ...environment,
      ...WORKER_SUBSTITUTES,
      ...services,
    },
  })
  return all
}

/** Runs an `svd` command in a shell after the commands of the stack's output `Environment`. */
export const svdInShell = async (
  { account, outputs }: Deployment,
  ...args: readonly string[]
): Promise<string> => {
  const script = `${outputs['svd-pipeline']?.['Environment']}\nexec "$@"`
  const { stdout } = await execa('bash', ['-euc', script, 'bash', process.execPath, SVD, ...args], {
    extendEnv: false,
    env: { PATH: process.env['PATH'] ?? '', ...account.environment },
  })
  return stdout
}
