import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: { mediators: new URL('./src/index.ts', import.meta.url).pathname } },
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './scripts/summary-reporter.mjs'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Each test file runs its own engine with two threads: more at once only wait for one another.
    maxWorkers: 2,
  },
});
