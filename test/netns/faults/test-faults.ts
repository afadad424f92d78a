import { afterAll, beforeAll, expect, it } from 'vitest';
import { useLocalStack } from '../../support/localstack.ts';
import { missingDaemon } from '../../support/netns/daemon.ts';
import { describeNetns } from '../../support/netns/requirements.ts';
import { FAULTS } from './catalogue.ts';
import { type Category, describeExpectation, type Fault, type FaultRun } from './fault.ts';
import { FaultPool } from './fault-pool.ts';

const LANES = 3;

const titleOf = ({ number, name, expected }: Fault): string =>
  `${number} ${name}: ${describeExpectation(expected)}`;

/**
 * A test for each fault of a category: once, with short waits, three clusters at a time; a test waits for its fault,
 * so its duration says little. `npm run faults` does five of each, in full and one after another.
 */
export function testFaults(category: Category): void {
  const faults = FAULTS.filter((candidate) => candidate.category === category);
  describeNetns(
    `faults: ${category}`,
    () => {
      const localstack = useLocalStack();
      const runs = new Map<string, Promise<FaultRun>>();
      let pool: FaultPool | null = null;

      // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the first parameter.
      beforeAll(({}, suite) => {
        if (localstack.endpoint === '') return;
        pool = new FaultPool({ endpoint: localstack.endpoint, full: false, lanes: LANES });
        // With -t only those that were asked for.
        const wanted = new Set(suite.tasks.filter(({ mode }) => mode !== 'skip').map(({ name }) => name));
        const chosen = faults.filter((fault) => wanted.has(titleOf(fault)));
        for (const [index, run] of pool.start(chosen).entries()) runs.set(chosen[index]!.number, run);
      });
      afterAll(() => pool?.close(), 120_000);

      for (const fault of faults) {
        it(titleOf(fault), async (context) => {
          localstack.skipIfMissing(context);
          // A retry is another run, not another look at the first.
          const isRetry = (context.task.result?.retryCount ?? 0) > 0;
          const run = isRetry ? pool?.start([fault])[0] : runs.get(fault.number);
          expect((await run)?.violations).toEqual([]);
        });
      }
    },
    { missing: missingDaemon(), timeoutMs: 600_000 },
  );
}
