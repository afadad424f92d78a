import { defineConfig } from 'vitest/config';

const common = { testTimeout: 20_000, hookTimeout: 60_000 };
/** One LocalStack for a whole run, started by the first file that needs it. */
const globalSetup = ['test/support/localstack.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/simulation/**/*.test.ts'],
        },
      },
      {
        // Real daemons in real time: apart from the simulator, which takes every core there is. One retry, since a
        // machine that stops for half a second is not what these are about; the simulator is where rules are proved.
        test: {
          ...common,
          name: 'daemons',
          include: ['test/integration/**/*.test.ts', 'test/seeds/**/*.test.ts'],
          maxWorkers: 3,
          retry: 1,
        },
      },
      {
        test: {
          ...common,
          name: 'localstack',
          include: ['test/localstack/**/*.test.ts'],
          globalSetup,
          hookTimeout: 600_000,
        },
      },
      {
        // Real time and whole clusters: one file at a time, on a machine that does nothing else.
        test: {
          ...common,
          name: 'netns',
          include: ['test/netns/**/*.test.ts'],
          globalSetup,
          fileParallelism: false,
          retry: 1,
          testTimeout: 120_000,
          hookTimeout: 600_000,
        },
      },
      {
        // Whole machines with systemd as process 1, one file at a time: they share the addresses of this one.
        test: {
          ...common,
          name: 'machines',
          include: ['test/machines/**/*.test.ts'],
          globalSetup: [...globalSetup, 'test/machines/support/packages.ts'],
          fileParallelism: false,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
