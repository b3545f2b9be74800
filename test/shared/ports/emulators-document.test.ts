import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { expectedOf } from './deviations.ts'
import { EMULATORS_DOCUMENT, renderEmulatorsDocument, VERSIONS } from './emulators-document.ts'

test('shared/aws/EMULATORS.md shows the expectations that the contract tests check', async () => {
  expect(await readFile(EMULATORS_DOCUMENT, 'utf8')).toBe(renderEmulatorsDocument(expectedOf))
})

test('package.json has fauxqs in one exact version', async () => {
  const manifest = await readFile(new URL('../../../package.json', import.meta.url), 'utf8')
  expect(JSON.parse(manifest).dependencies.fauxqs).toBe(VERSIONS.fauxqs)
})

test('the installed fauxqs is the version that EMULATORS.md names', async () => {
  const lockFile = await readFile(new URL('../../../package-lock.json', import.meta.url), 'utf8')
  expect(JSON.parse(lockFile).packages['node_modules/fauxqs'].version).toBe(VERSIONS.fauxqs)
})
