import type { Template } from 'aws-cdk-lib/assertions'
import type { ConditionTest, Right } from '../../fixtures/rights/right.ts'

interface Statement {
  readonly Effect: string
  readonly Action: string | readonly string[]
  readonly Resource: unknown
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

interface Policy {
  readonly Type: string
  readonly Properties: {
    readonly Roles?: readonly { readonly Ref: string }[]
    readonly PolicyDocument?: { readonly Statement: readonly Statement[] }
    readonly ManagedPolicyArns?: readonly unknown[]
  }
}

const withoutHash = (logicalId: string): string => logicalId.replace(/[0-9A-F]{8}$/, '')

/** An ARN as a person reads it: `BucketsOutput/jobs/*`, `JobsQueue`. */
const shown = (value: unknown): string => {
  if (typeof value === 'string') return value
  const [[name, argument]] = Object.entries(value as object) as [[string, unknown]]
  if (name === 'Ref') return withoutHash(String(argument).replace(/^AWS::/, ''))
  if (name === 'Fn::GetAtt') return withoutHash((argument as readonly string[])[0]!)
  if (name === 'Fn::ImportValue') {
    return withoutHash(/ExportsOutput(?:FnGetAtt|Ref)(\w+?[0-9A-F]{8})/.exec(String(argument))?.[1] ?? '?')
  }
  if (name === 'Fn::Join') return (argument as [string, readonly unknown[]])[1].map(shown).join('')
  return JSON.stringify(value)
}

const asList = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T])

const testsOf = ({ Condition = {} }: Statement): readonly ConditionTest[] =>
  Object.entries(Condition).flatMap(([operator, tests]) =>
    Object.entries(tests).map(([key, value]) => ({ operator, key, value: shown(value) })),
  )

const conditionOf = (statement: Statement): string =>
  testsOf(statement)
    .map(({ operator, key, value }) => `${operator} ${key} = ${value}`)
    .join(' and ')

/** The table would show a denial as a right. */
const assertAllows = ({ Effect }: Statement): boolean => {
  if (Effect !== 'Allow') throw new Error(`a statement with the effect ${Effect}`)
  return true
}

/** Every right of every role of a stack, in the template's order. */
export const rightsOf = (template: Template): readonly Right[] => {
  const resources = Object.entries(template.toJSON()['Resources'] as Record<string, Policy>)
  return resources.flatMap(([id, { Type, Properties }]) => {
    if (Type === 'AWS::IAM::Role') {
      return (Properties.ManagedPolicyArns ?? []).map((arn) => ({
        role: withoutHash(id),
        action: 'all that the managed policy allows',
        resource: shown(arn),
        condition: '',
        tests: [],
      }))
    }
    if (Type !== 'AWS::IAM::Policy') return []
    return (Properties.Roles ?? []).flatMap(({ Ref }) =>
      (Properties.PolicyDocument?.Statement ?? []).filter(assertAllows).flatMap((statement) =>
        asList(statement.Action).flatMap((action) =>
          asList(statement.Resource).map((resource) => ({
            role: withoutHash(Ref),
            action,
            resource: shown(resource),
            condition: conditionOf(statement),
            tests: testsOf(statement),
          })),
        ),
      ),
    )
  })
}

/** The table has one row for each action and condition, with all resources for which it holds. */
export const permissionTable = (rights: readonly Right[]): string => {
  const rows = new Map<string, { readonly cells: readonly string[]; readonly resources: string[] }>()
  for (const { role, action, resource, condition } of rights) {
    const key = [role, action, condition].join('|')
    const row = rows.get(key) ?? { cells: [role, action, condition], resources: [] }
    row.resources.push(resource)
    rows.set(key, row)
  }
  const lines = [...rows.values()].map(({ cells: [role, action, condition], resources }) =>
    [
      role,
      `\`${action}\``,
      resources
        .toSorted()
        .map((resource) => `\`${resource}\``)
        .join('<br>'),
      condition,
    ].join(' | '),
  )
  return [
    '# What each role may do',
    '',
    'Made of the templates by `test/infra/permissions/permissions.test.ts`, with KMS, both kinds of compute and a webhook.',
    '',
    '| role | action | resources | only if |',
    '| --- | --- | --- | --- |',
    ...lines.toSorted().map((line) => `| ${line} |`),
    '',
  ].join('\n')
}
