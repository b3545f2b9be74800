import type { z } from 'zod'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { shownValue } from '../../shared/contracts/shown-value.ts'
import { CONFIG_FIELDS } from './config-fields.ts'
import { type DeploymentConfig, deploymentConfigSchema } from './deployment-config.ts'

/** Prefix of this project's keys in CDK's context, which also has feature flags and cached look-ups. */
export const CONTEXT_PREFIX = 'svd:'

const valueAt = (given: Readonly<Record<string, unknown>>, [key, index]: readonly PropertyKey[]): string => {
  if (key === undefined || !(String(key) in given)) return ''
  const value = given[String(key)]
  const items = typeof value === 'string' ? value.split(',').filter((item) => item.trim() !== '') : value
  const wrong = typeof index === 'number' && Array.isArray(items) ? items[index] : value
  return `got ${shownValue(typeof wrong === 'string' ? wrong.trim() : wrong)}; `
}

const known = Object.keys(CONFIG_FIELDS)

const explain = (issue: z.core.$ZodIssue, given: Readonly<Record<string, unknown>>): readonly string[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => `${CONTEXT_PREFIX}${key}: there is no such key; there are ${known.join(', ')}`)
    : [`${CONTEXT_PREFIX}${String(issue.path[0])}: ${valueAt(given, issue.path)}${issue.message}`]

/** A key of this project without its prefix would belong to another program, and have no effect. */
const forgottenPrefixes = (context: Readonly<Record<string, unknown>>): readonly string[] =>
  known.filter((key) => key in context).map((key) => `${key}: has no effect; write ${CONTEXT_PREFIX}${key}`)

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
  if (parsed.success && faults.length === 0) return parsed.data
  throw new InvalidInputError(
    "the deployment's context",
    `cannot be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
  )
}
