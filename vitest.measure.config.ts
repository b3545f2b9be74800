import { defineConfig } from 'vitest/config'

/** What a limit in the code was set by, measured again: some ten minutes of rendering on two free cores. */
export default defineConfig({
  test: { include: ['test/**/*.measure.ts'], testTimeout: 900_000, hookTimeout: 900_000, maxWorkers: 1 },
})
