import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'

test('what cdk writes into the project is not part of it: git and npm run check pass it over', async () => {
  const [ignored, biome] = await Promise.all(
    ['.gitignore', 'biome.json'].map((file) => readFile(new URL(`../../${file}`, import.meta.url), 'utf8')),
  )

  expect(ignored?.split('\n')).toContain('/cdk.out/')
  expect(JSON.parse(biome ?? '').vcs).toMatchObject({ enabled: true, useIgnoreFile: true })
})
