import { defineConfig } from 'vitest/config'

/** Measures again the figures from which limits in the code were set: some ten minutes of rendering on two free cores. */
export default defineConfig({
  test: { include: ['test/**/*.measure.ts'], testTimeout: 900_000, hookTimeout: 900_000, maxWorkers: 1 },
})
