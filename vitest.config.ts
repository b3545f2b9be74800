import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    // Tests that run networks use both cores themselves: more workers only make them wait for each other.
    maxWorkers: 2,
  },
})
