import { describe, expect, test } from 'vitest'
import { jsonSchemaOf } from '../../../shared/contracts/json-schema.ts'
import { runCommandLine } from './a-command-line.ts'

describe('svd schema', () => {
  test.each(['manifest', 'sidecar', 'job', 'result', 'status', 'report'] as const)(
    'prints only the JSON Schema of the document %s',
    async (name) => {
      const { exitCode, stdout, stderr } = await runCommandLine(['schema', name])
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(jsonSchemaOf(name))))
    },
  )

  test('refuses another document, and lists the known ones', async () => {
    const { exitCode, stdout, stderr } = await runCommandLine(['schema', 'model'])
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toContain('Allowed choices are manifest, sidecar, job, result, status, report')
  })
})
