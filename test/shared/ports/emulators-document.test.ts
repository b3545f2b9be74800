import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { expectedOf } from './deviations.ts'
import { EMULATORS_DOCUMENT, renderEmulatorsDocument, VERSIONS } from './emulators-document.ts'

test('the document is what runs give: each is held to the same expectations', async () => {
  expect(await readFile(EMULATORS_DOCUMENT, 'utf8')).toBe(renderEmulatorsDocument(expectedOf))
})

test('fauxqs is of one version, not of a range', async () => {
  const manifest = await readFile(new URL('../../../package.json', import.meta.url), 'utf8')
  expect(JSON.parse(manifest).dependencies.fauxqs).toBe(VERSIONS.fauxqs)
})

test('the document names the fauxqs that is installed', async () => {
  const lockFile = await readFile(new URL('../../../package-lock.json', import.meta.url), 'utf8')
  expect(JSON.parse(lockFile).packages['node_modules/fauxqs'].version).toBe(VERSIONS.fauxqs)
})
