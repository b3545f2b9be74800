import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { findPythonTool, skippedWithout } from '../fixtures/python-tool.ts'
import { temporaryDir } from '../fixtures/temporary-dir.ts'
import { synthesize, VARIANT_NAMES, VARIANTS } from './synthesized.ts'

const cfnLint = await findPythonTool('cfn-lint')

/** cfn-lint knows which property names and values CloudFormation accepts in which region. */
const lint = async (...templates: readonly object[]): Promise<string> => {
  const dir = await temporaryDir()
  const files = await Promise.all(
    templates.map(async (template, i) => {
      const file = path.join(dir, `${i}.json`)
      await writeFile(file, JSON.stringify(template))
      return file
    }),
  )
  // Warnings concern CDK's style: repeated dependencies, outputs that are imports.
  const options = ['--regions', 'us-east-1', '--ignore-checks', 'W', '--format', 'parseable']
  const { all } = await execa(cfnLint ?? 'cfn-lint', [...options, '--', ...files], {
    all: true,
    reject: false,
  })
  return all.trim()
}

describe('cfn-lint', () => {
  test.skipIf(cfnLint === null)(
    `finds no error in any variant${skippedWithout('cfn-lint', cfnLint)}`,
    async () => {
      const templates = VARIANT_NAMES.flatMap((name) => {
        const { storage, pipeline } = synthesize(VARIANTS[name])
        return [storage.toJSON(), pipeline.toJSON()]
      })

      expect(await lint(...templates)).toBe('')
    },
  )

  test.skipIf(cfnLint === null)('reports a property that CloudFormation does not know', async () => {
    const Resources = { Queue: { Type: 'AWS::SQS::Queue', Properties: { Visibility: 30 } } }

    expect(await lint({ Resources })).toContain('E3002')
  })
})
