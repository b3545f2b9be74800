import type { Template } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { synthesize, VARIANT_NAMES, VARIANTS } from './synthesized.ts'

/** `AWS::SQS::Queue x 2`, by name. */
const resourcesOf = (template: Template): string => {
  const counts = new Map<string, number>()
  for (const { Type } of Object.values(template.toJSON()['Resources'] as Record<string, { Type: string }>)) {
    counts.set(Type, (counts.get(Type) ?? 0) + 1)
  }
  return [...counts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([type, count]) => `  ${type} x ${count}`)
    .join('\n')
}

/** Only types and counts; the tests beside this one check the properties. */
describe('the resources of a deployment', () => {
  test.each(VARIANT_NAMES)('match the stored list, type by type: %s', async (name) => {
    const { storage, pipeline } = synthesize(VARIANTS[name])

    const list = `storage\n${resourcesOf(storage)}\npipeline\n${resourcesOf(pipeline)}\n`

    await expect(list).toMatchFileSnapshot(`resources/${name}.txt`)
  })

  test('include no Lambda function that CDK adds by itself', () => {
    for (const name of VARIANT_NAMES) {
      const { storage, pipeline } = synthesize(VARIANTS[name])
      storage.resourceCountIs('AWS::Lambda::Function', 0)
      pipeline.resourceCountIs('AWS::Lambda::Function', 3)
    }
  })
})
