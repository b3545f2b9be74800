import { expect, test } from 'vitest'
import { runCommandLine } from '../a-command-line.ts'

test('svd local refuses severities that break the rule before it starts anything', async () => {
  const { exitCode, stdout, stderr } = await runCommandLine(['local', '--quality-checks', 'likeness=error'])

  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr).toMatch(/^error: --quality-checks: got 'likeness=error'; must be a list with commas /)
})
