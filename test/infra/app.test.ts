import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** As package.json allows it on the PATH: it runs no TypeScript. `npx node` is the one of node_modules, which does. */
test('the app is started by the Node of this project, whatever Node cdk itself was started by', () => {
  const { app } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'))

  expect(app).toBe('npx node infra/app.ts')
})
