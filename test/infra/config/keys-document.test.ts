import { expect, test } from 'vitest'
import { z } from 'zod'
import { CONFIG_FIELDS } from '../../../infra/config/config-fields.ts'
import { deploymentConfigSchema } from '../../../infra/config/deployment-config.ts'
import { CONTEXT_PREFIX } from '../../../infra/config/read-config.ts'

/** The document has a row for each key, made of the schema; `vitest --update` writes it again. */
const keysDocument = (): string => {
  const defaults = deploymentConfigSchema.parse({})
  const shown = (value: unknown): string =>
    value === '' || (Array.isArray(value) && value.length === 0) ? '' : `\`${[value].flat().join(',')}\``
  const rows = Object.entries(CONFIG_FIELDS).map(([key, schema]) => {
    const { description = '' } = z.globalRegistry.get(schema) ?? {}
    return `| \`${CONTEXT_PREFIX}${key}\` | ${shown(defaults[key as keyof typeof defaults])} | ${description} |`
  })
  return [
    '# Keys of a deployment',
    '',
    'In `cdk.json`, under `context`, or on the command line: `npx cdk deploy --all -c svd:maxWorkers=16`. Lists have commas',
    'there. A key that is not known, or a value that breaks a rule, ends the command with all that is wrong.',
    '',
    '| key | default | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

test('KEYS.md documents every key with its default', async () => {
  const document = keysDocument()

  expect(document).not.toMatch(/\| {2}\|$/m)
  await expect(document).toMatchFileSnapshot('../../../infra/config/KEYS.md')
})
