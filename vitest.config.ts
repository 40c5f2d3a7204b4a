// Tests run in forked processes, because drivers are configured by environment variables that only
// a process start can set. The `hardware` project sees the machine's own drivers; all others see
// software adapters, the same on every machine.

import { defineConfig } from 'vitest/config';
import { softwareEnvironment } from './test/backend/software-adapter.js';

// Two files at a time, also where there are two cores: most tests use one.
const shared = { pool: 'forks', testTimeout: 120_000, hookTimeout: 120_000 } as const;
const hardware = ['test/backend/webgpu-hardware.test.ts'];

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...shared,
          name: 'software',
          include: ['test/**/*.test.ts'],
          exclude: hardware,
          env: softwareEnvironment(),
        },
      },
      { test: { ...shared, name: 'hardware', include: hardware } },
    ],
  },
});
