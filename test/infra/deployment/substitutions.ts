import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { changeResources, logicalIdsOf, type StackTemplate, type Templates } from './stack-template.ts'

/** A change to the pipeline's template, without which moto refuses a resource that AWS takes. */
export interface Substitution {
  /** Type and property. */
  readonly of: string
  readonly synthesized: string
  readonly instead: string
  apply(template: StackTemplate): StackTemplate
}

const COMPUTE = 'AWS::Batch::ComputeEnvironment'
const BATCH_ARNS = ['ComputeEnvironmentArn', 'JobQueueArn', 'JobDefinitionArn']

/** `{ 'Fn::GetAtt': [id, 'JobQueueArn'] }` → `{ Ref: id }`, at any depth. */
const refersToArns = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(refersToArns)
  if (typeof value !== 'object' || value === null) return value
  const { 'Fn::GetAtt': attribute } = value as { readonly 'Fn::GetAtt'?: readonly [string, string] }
  if (attribute !== undefined && BATCH_ARNS.includes(attribute[1])) return { Ref: attribute[0] }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, refersToArns(inner)]))
}

/** `[bucket's ARN, '/network/']` → bucket's ARN. */
const withoutFolder = (destination: unknown): unknown =>
  (destination as { readonly 'Fn::Join': readonly [string, readonly unknown[]] })['Fn::Join'][1][0]

export const SUBSTITUTIONS: readonly Substitution[] = [
  {
    of: 'AWS::EC2::FlowLog LogDestination',
    synthesized: "the bucket's ARN and a folder",
    instead: "the bucket's ARN alone",
    apply: (template) =>
      changeResources(template, 'AWS::EC2::FlowLog', (properties) => ({
        ...properties,
        LogDestination: withoutFolder(properties['LogDestination']),
      })),
  },
  {
    of: `${COMPUTE} ServiceRole`,
    synthesized: 'none, so that Batch takes its service-linked role',
    instead: 'a role of the stack',
    apply: (template) => {
      const [role] = logicalIdsOf(template, 'AWS::IAM::Role')
      return changeResources(template, COMPUTE, (properties) => ({
        ...properties,
        ServiceRole: { 'Fn::GetAtt': [role, 'Arn'] },
      }))
    },
  },
  {
    of: `${COMPUTE} Type`,
    synthesized: '`managed`, as CDK spells it',
    instead: '`MANAGED`',
    apply: (template) =>
      changeResources(template, COMPUTE, (properties) => ({
        ...properties,
        Type: String(properties['Type']).toUpperCase(),
      })),
  },
  {
    of: 'AWS::Batch::* attributes of ARNs',
    synthesized: '`Fn::GetAtt`',
    instead: '`Ref`, which is the ARN too',
    apply: (template) => refersToArns(template) as StackTemplate,
  },
]

/** The templates with all substitutions but those that `without` names. */
export const substituteIn = (templates: Templates, without: readonly Substitution[] = []): Templates => ({
  ...templates,
  'svd-pipeline': SUBSTITUTIONS.filter((one) => !without.includes(one)).reduce(
    (template, { apply }) => apply(template),
    templates['svd-pipeline'],
  ),
})

/** A property of an assembly's manifest. moto has no UpdateTerminationProtection, which `cdk deploy` calls for it. */
export const withoutTerminationProtection = async (dir: string): Promise<void> => {
  const file = path.join(dir, 'manifest.json')
  const manifest = await readFile(file, 'utf8')
  const changed = manifest.replace('"terminationProtection": true', '"terminationProtection": false')
  if (changed === manifest) throw new Error('no stack of the assembly is protected from termination')
  await writeFile(file, changed)
}
