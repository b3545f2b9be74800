import type { z } from 'zod'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { shownValue } from '../../shared/contracts/shown-value.ts'
import { CONFIG_FIELDS } from './config-fields.ts'
import { type DeploymentConfig, deploymentConfigSchema } from './deployment-config.ts'
import { leastUsdPerDay } from './least-budget.ts'

/** Prefix of this project's keys in CDK's context, which also has feature flags and cached look-ups. */
export const CONTEXT_PREFIX = 'svd:'

const valueAt = (given: Readonly<Record<string, unknown>>, [key, index]: readonly PropertyKey[]): string => {
  if (key === undefined || !(String(key) in given)) return ''
  const value = given[String(key)]
  const items = typeof value === 'string' ? value.split(',').filter((item) => item.trim() !== '') : value
  const wrong = typeof index === 'number' && Array.isArray(items) ? items[index] : value
  return `got ${shownValue(typeof index === 'number' && typeof wrong === 'string' ? wrong.trim() : wrong)}; `
}

const known = Object.keys(CONFIG_FIELDS)

const KINDS: Readonly<Record<string, string>> = {
  array: 'must be a list: a,b on the command line, ["a", "b"] in cdk.json',
  string: 'must be text',
}

const ruleOf = (issue: z.core.$ZodIssue): string =>
  (issue.code === 'invalid_type' && KINDS[issue.expected]) || issue.message

const explain = (issue: z.core.$ZodIssue, given: Readonly<Record<string, unknown>>): readonly string[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => `${CONTEXT_PREFIX}${key}: there is no such key; there are ${known.join(', ')}`)
    : [`${CONTEXT_PREFIX}${String(issue.path[0])}: ${valueAt(given, issue.path)}${ruleOf(issue)}`]

/** The key of this project that a context key without its prefix, or with another spelling of it, was meant to be. */
const meantKey = (contextKey: string): string | undefined =>
  contextKey.startsWith(CONTEXT_PREFIX)
    ? undefined
    : known.find((key) => key === contextKey.replace(/^svd[^a-z0-9]*/i, ''))

/** A key of this project without its prefix would belong to another program, and have no effect. */
const forgottenPrefixes = (context: Readonly<Record<string, unknown>>): readonly string[] =>
  Object.keys(context).flatMap((given) => {
    const key = meantKey(given)
    return key === undefined ? [] : [`${given}: has no effect; write ${CONTEXT_PREFIX}${key}`]
  })

const budgetFault = (config: DeploymentConfig): string | null => {
  const least = leastUsdPerDay(config)
  if (config.maxUsdPerDay === 0 || config.maxUsdPerDay >= least) return null
  const usd = (Math.ceil(100 * least) / 100).toFixed(2)
  return `${CONTEXT_PREFIX}maxUsdPerDay: got ${config.maxUsdPerDay}; must be 0 for no limit, or at least ${usd}: less starts no machine of these instanceTypes`
}

/** Throws one InvalidInputError that names every key of the whole context that is wrong: value, rule. */
export const readConfig = (context: Readonly<Record<string, unknown>>): DeploymentConfig => {
  const given = Object.fromEntries(
    Object.entries(context).flatMap(([key, value]) =>
      key.startsWith(CONTEXT_PREFIX) ? [[key.slice(CONTEXT_PREFIX.length), value]] : [],
    ),
  )
  const parsed = deploymentConfigSchema.safeParse(given)
  const faults = [
    ...forgottenPrefixes(context),
    ...(parsed.success ? [] : parsed.error.issues.flatMap((issue) => explain(issue, given))),
  ]
  for (const key of ['availabilityZones', 'zoneNames']) {
    if (parsed.success && parsed.data.vpcId !== '' && key in given)
      faults.push(`${CONTEXT_PREFIX}${key}: has no effect with vpcId: zones are those of subnetIds`)
  }
  if (parsed.success && parsed.data.zoneNames.length > 0 && 'availabilityZones' in given)
    faults.push(`${CONTEXT_PREFIX}availabilityZones: has no effect with zoneNames; leave one of them out`)
  const overBudget = parsed.success ? budgetFault(parsed.data) : null
  if (overBudget !== null) faults.push(overBudget)
  if (parsed.success && faults.length === 0) return parsed.data
  throw new InvalidInputError(
    "the deployment's context",
    `cannot be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
  )
}
