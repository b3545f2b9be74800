import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'

test('git and biome ignore cdk.out, which cdk writes into the project', async () => {
  const [ignored, biome] = await Promise.all(
    ['.gitignore', 'biome.json'].map((file) => readFile(new URL(`../../${file}`, import.meta.url), 'utf8')),
  )

  expect(ignored?.split('\n')).toContain('/cdk.out/')
  expect(JSON.parse(biome ?? '').vcs).toMatchObject({ enabled: true, useIgnoreFile: true })
})
