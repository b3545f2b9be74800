import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** package.json allows a Node on the PATH that does not run TypeScript. `npx node` runs node_modules' Node, which does. */
test('cdk.json starts the app with the Node of this project, independent of the Node that runs cdk', () => {
  const { app } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'))

  expect(app).toBe('npx node infra/app.ts')
})
