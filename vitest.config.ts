import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: ['tests/support/global-setup.ts'],
    // Processes, not threads: tests kill, freeze and change the working folder.
    pool: 'forks',
    // Never more than two at once: each file brings pools, workers and sometimes a Redis of its own.
    maxWorkers: 2,
    testTimeout: 20_000,
    // Tests with real processes share two cores with each other: unattended, one is red when it fails twice. The report
    // tells what was tried again.
    retry: process.env.CI ? 1 : 0,
    hookTimeout: 60_000,
    // A promise nobody waited for is a failure of the file it happened in.
    dangerouslyIgnoreUnhandledErrors: false,
  },
})
