import type { z } from 'zod'
import { shownValue } from '../../shared/contracts/shown-value.ts'
import { CONFIG_FIELDS, type DeploymentConfig, deploymentConfigSchema } from './deployment-config.ts'

/** Of CDK's context, which also has feature flags and what was looked up. */
export const CONTEXT_PREFIX = 'svd:'

const valueAt = (given: Readonly<Record<string, unknown>>, [key]: readonly PropertyKey[]): string =>
  key === undefined || !(String(key) in given) ? '' : `got ${shownValue(given[String(key)])}; `

const known = Object.keys(CONFIG_FIELDS)

const explain = (issue: z.core.$ZodIssue, given: Readonly<Record<string, unknown>>): readonly string[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => `${CONTEXT_PREFIX}${key}: there is no such key; there are ${known.join(', ')}`)
    : [`${CONTEXT_PREFIX}${issue.path.join('.')}: ${valueAt(given, issue.path)}${issue.message}`]

/** Of the whole context. Throws one Error that names every key that is wrong: value, rule. */
export const readConfig = (context: Readonly<Record<string, unknown>>): DeploymentConfig => {
  const given = Object.fromEntries(
    Object.entries(context).flatMap(([key, value]) =>
      key.startsWith(CONTEXT_PREFIX) ? [[key.slice(CONTEXT_PREFIX.length), value]] : [],
    ),
  )
  const parsed = deploymentConfigSchema.safeParse(given)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.flatMap((issue) => explain(issue, given))
  throw new Error(
    `the deployment's context cannot be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
  )
}
