import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { readContextOption } from '../../../../worker/cli/jobs/context-option.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'

test('--context accepts a JSON object, or @FILE with one', async () => {
  expect(await readContextOption('{"order": 7}')).toEqual({ order: 7 })
  const file = path.join(await temporaryDir(), 'context.json')
  await writeFile(file, '{"order": 8}\n')
  expect(await readContextOption(`@${file}`)).toEqual({ order: 8 })
})

test.each([
  ['7', /^--context: got 7; must be a JSON object such as \{"order": 7\}$/],
  ['{"order": 7', /^--context: is not JSON/],
  ['@absent.json', /^--context: got '@absent.json', whose file cannot be read: ENOENT/],
  [`{"order": "${'x'.repeat(5_000)}"}`, /^--context: has 5012 bytes as compact JSON, more than the 4096/],
])('--context refuses $0', async (typed, message) => {
  await expect(readContextOption(typed)).rejects.toThrow(message)
})
