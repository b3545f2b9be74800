import type { Property } from './bucket-properties.ts'
import { REQUESTS, type RequestName } from './refusals.ts'
import { STACKS, type StackName, type Templates } from './stack-template.ts'
import { SUBSTITUTIONS } from './substitutions.ts'

export type Compute = 'batch' | 'ec2'

/** Observations of one deployment. */
export interface Observed {
  readonly synthesized: Templates
  /** Logical ids of what moto made, by stack. */
  readonly created: Readonly<Record<StackName, ReadonlySet<string>>>
  /** Moto's answer without each substitution; `null` if nothing of the template needs the substitution. */
  readonly refusals: ReadonlyMap<string, string | null>
  readonly refusedRequests: Readonly<Record<RequestName, string | null>>
  readonly properties: readonly Property[]
  readonly workerSubstitutes: Readonly<
    Record<string, { readonly deployed: string; readonly instead: string }>
  >
}

export type Observations = Readonly<Record<Compute, Observed>>

const escaped = (cell: string): string => cell.replaceAll('|', '\\|')

const table = (titles: readonly string[], rows: readonly (readonly string[])[]): string =>
  [titles, titles.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map(escaped).join(' | ')} |`)
    .join('\n')

interface Count {
  readonly of: number
  readonly created: number
}

const countsOf = ({ synthesized, created }: Observed, stack: StackName): ReadonlyMap<string, Count> => {
  const counts = new Map<string, Count>()
  for (const [id, { Type }] of Object.entries(synthesized[stack].Resources)) {
    const { of, created: before } = counts.get(Type) ?? { of: 0, created: 0 }
    counts.set(Type, { of: of + 1, created: before + (created[stack].has(id) ? 1 : 0) })
  }
  return counts
}

const shownCount = (count: Count | undefined): string => {
  if (count === undefined) return ''
  if (count.created === 0) return `${count.of}, ignored`
  return count.created === count.of ? `${count.of}` : `${count.created} of ${count.of}`
}

const resourceRows = (observations: Observations): readonly (readonly string[])[] =>
  STACKS.flatMap((stack) => {
    const [batch, ec2] = [countsOf(observations.batch, stack), countsOf(observations.ec2, stack)]
    const types = [...new Set([...batch.keys(), ...ec2.keys()])].toSorted()
    return types.map((type) => [stack, `\`${type}\``, shownCount(batch.get(type)), shownCount(ec2.get(type))])
  })

const refusalRows = ({ batch, ec2 }: Observations): readonly (readonly string[])[] =>
  SUBSTITUTIONS.map(({ of, synthesized, instead }) => [
    `\`${of}\``,
    synthesized,
    batch.refusals.get(of) ?? ec2.refusals.get(of) ?? 'nothing: the substitution is not needed any more',
    instead,
  ])

const IN_PLACE: Readonly<Record<RequestName, readonly [by: string, instead: string]>> = {
  UpdateTerminationProtection: ['a plain `cdk deploy`', 'svd-storage is deployed without its protection'],
  CreateChangeSet: ['a plain `cdk deploy`', '`cdk deploy --method direct`, which asks for CreateStack'],
  DeleteStack: ['`cdk destroy`', 'nothing: `test/infra` reads from the templates what is kept'],
}

const requestRows = ({ batch }: Observations): readonly (readonly string[])[] =>
  REQUESTS.map((name) => {
    const [by, instead] = IN_PLACE[name]
    return [`\`${name}\``, by, batch.refusedRequests[name] ?? 'nothing: it is not refused any more', instead]
  })

const propertyRows = ({ batch, ec2 }: Observations): readonly (readonly string[])[] => {
  const shown = (isDeployed: boolean | undefined): string =>
    isDeployed ? 'as in the template' : 'ignored; the test sets it from the template'
  return batch.properties.map(({ of, isDeployed }, i) => [
    of,
    shown(isDeployed),
    shown(ec2.properties[i]?.isDeployed),
  ])
}

const substituteRows = ({ batch, ec2 }: Observations): readonly (readonly string[])[] =>
  Object.entries(batch.workerSubstitutes).map(([name, { deployed, instead }]) => [
    `\`${name}\``,
    deployed,
    ec2.workerSubstitutes[name]?.deployed ?? '',
    instead,
  ])

/** The document for reviewers. It is the same in every run. */
export const renderEmulationDocument = (observations: Observations): string => `# The deployment on moto

\`deployment.slow.ts\` runs \`npx cdk bootstrap\` and \`npx cdk deploy --all\` against moto's server, for \`compute=batch\` and
\`compute=ec2\`. Then it puts an image and its sidecar into the deployed bucket. The notification goes through the deployed
queue to the bundle of ingest, the job through the deployed queue to a worker with the container's environment, and the
result into the deployed bucket. A manifest with a context arrives as events through the bundle of notify, by a rule of the
deployed bus and by a subscription of the deployed topic, each with a queue. This file is written by the run. The test fails if another run gives another.

## Resources

By type: how many the template has. moto makes them where nothing else is said. It ignores a resource whose type it does
not know, and reports the stack as complete.

${table(['stack', 'type', 'batch', 'ec2'], resourceRows(observations))}

## Refused, and what stands in for it

${table(['of', 'synthesized, or asked by', 'moto answers', 'instead'], [...refusalRows(observations), ...requestRows(observations)])}

The worker's image is not an asset here, because Docker would build it: \`svd:workerImage\` names one that does not exist. No
machine starts it.

## Properties

moto leaves properties out of resources that it makes. Those on which the way of an image depends are read back:

${table(['property', 'batch', 'ec2'], propertyRows(observations))}

## What runs, and in whose place

| on AWS | here |
| --- | --- |
| S3's notifications to the queues of drops and of records | moto's, with the test event first |
| Lambda's poll, call and deletion | the test: a batch of the mapping's size, and only messages that the answer does not name |
| the functions | their bundles as synthesized, in a process of their own, with the deployed environment |
| EventBridge's call every minute | one call of dispatch by the test |
| EventBridge's rules, SNS's subscriptions | moto's, to queues; it sends nothing to a webhook |
| Batch, ECS, their machines | moto accepts the job and starts nothing; the test starts the worker of this checkout |
| a machine's metadata service, ECS's agent | fakes on the loopback interface |
| IAM | moto asks nobody for rights; \`test/infra/permissions\` does |

The worker has the environment of the deployed container, but for

${table(['variable', 'batch', 'ec2', 'here'], substituteRows(observations))}
`
