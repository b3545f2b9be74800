import { defineConfig } from 'vitest/config'

/** Tests that take minutes: whole batches in real processes, which need both cores for themselves. */
export default defineConfig({
  test: { include: ['test/**/*.slow.ts'], testTimeout: 900_000, maxWorkers: 1, passWithNoTests: true },
})
