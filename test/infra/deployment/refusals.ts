import { STACKS, type StackTemplate, type Templates } from './stack-template.ts'
import { SUBSTITUTIONS, substituteIn } from './substitutions.ts'

/** Sends a request as AWS's SDKs do. It does not use them, because they cannot read moto's answer when moto fails. */
const ask = async (
  endpoint: string,
  parameters: Readonly<Record<string, string>>,
): Promise<string | null> => {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: {
      authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/cloudformation/aws4_request',
    },
    body: new URLSearchParams({ Version: '2010-05-15', ...parameters }),
  })
  const text = await answer.text()
  if (answer.ok) return null
  const message = /"message": "([^"]+)"/.exec(text)?.[1] ?? /<Message>([^<]+)</.exec(text)?.[1]
  return message ?? `HTTP ${answer.status}`
}

const createStack = (endpoint: string, name: string, template: StackTemplate): Promise<string | null> =>
  ask(endpoint, { Action: 'CreateStack', StackName: name, TemplateBody: JSON.stringify(template) })

/** Moto's answers without each substitution, by what it replaces; `null` if this deployment does not need it. */
export const refusalsOf = async (
  endpoint: string,
  templates: Templates,
): Promise<ReadonlyMap<string, string | null>> => {
  const refusals = new Map<string, string | null>()
  for (const [index, substitution] of SUBSTITUTIONS.entries()) {
    const { 'svd-pipeline': template } = substituteIn(templates, [substitution])
    refusals.set(substitution.of, await createStack(endpoint, `probe-${index}`, template))
  }
  return refusals
}

/** Requests of a plain `cdk deploy` and `cdk destroy` that moto refuses. */
export const REQUESTS = ['UpdateTerminationProtection', 'CreateChangeSet', 'DeleteStack'] as const
export type RequestName = (typeof REQUESTS)[number]

const createByChangeSet = async (endpoint: string, template: StackTemplate): Promise<string | null> => {
  const stack = { StackName: 'probe-of-change-set', ChangeSetName: 'probe' }
  const kind = { ChangeSetType: 'CREATE', TemplateBody: JSON.stringify(template) }
  const created = await ask(endpoint, { Action: 'CreateChangeSet', ...stack, ...kind })
  return created ?? (await ask(endpoint, { Action: 'ExecuteChangeSet', ...stack }))
}

/** moto names one of several resources, another one each time. */
const withoutId = (answer: string | null): string | null =>
  answer !== null && /has dependencies/.test(answer) ? 'a part of the VPC has dependencies' : answer

/** Moto's answer to each request; `null` if moto accepts it. The pipeline's stack cannot be used afterwards. */
export const refusedRequestsOf = async (
  endpoint: string,
  templates: Templates,
): Promise<Readonly<Record<RequestName, string | null>>> => ({
  UpdateTerminationProtection: await ask(endpoint, {
    Action: 'UpdateTerminationProtection',
    ...{ StackName: STACKS[0], EnableTerminationProtection: 'true' },
  }),
  CreateChangeSet: await createByChangeSet(endpoint, substituteIn(templates)['svd-pipeline']),
  DeleteStack: withoutId(await ask(endpoint, { Action: 'DeleteStack', StackName: STACKS[1] })),
})
