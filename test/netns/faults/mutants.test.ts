import { afterAll, beforeAll, expect, it } from 'vitest';
import { ALL_MUTANTS } from '../../../src/simulation/mutants/run-mutants.ts';
import { useLocalStack } from '../../support/localstack.ts';
import { missingDaemon } from '../../support/netns/daemon.ts';
import { describeNetns } from '../../support/netns/requirements.ts';
import { FAULTS } from './catalogue.ts';
import { FaultPool } from './fault-pool.ts';
import { type MutantRuns, startMutantRuns } from './mutant-runs.ts';
import { NETNS_MUTANTS } from './mutants.ts';

const QUICK = NETNS_MUTANTS.filter(({ quick }) => quick === true);

/** The quickest two; `npm run faults -- --mutants` does them all. */
describeNetns(
  'daemons with a rule taken out',
  () => {
    const localstack = useLocalStack();
    let pool: FaultPool | null = null;
    let runs: MutantRuns | null = null;

    beforeAll(async () => {
      if (localstack.endpoint === '') return;
      pool = new FaultPool({ endpoint: localstack.endpoint, full: false, lanes: QUICK.length });
      runs = await startMutantRuns(pool, QUICK);
    });
    afterAll(async () => {
      await pool?.close();
      await runs?.remove();
    }, 120_000);

    it('have a rule of the simulator and a fault of the catalogue', () => {
      const rules = ALL_MUTANTS.map(({ rule }) => rule);
      const faults = FAULTS.map(({ number }) => number);
      expect(rules).toEqual(expect.arrayContaining(NETNS_MUTANTS.map(({ rule }) => rule)));
      expect(faults).toEqual(expect.arrayContaining(NETNS_MUTANTS.map(({ fault }) => fault)));
    });

    for (const [index, { rule, fault, betrayedBy }] of QUICK.entries()) {
      it(`${rule}: caught by fault ${fault}`, async (context) => {
        localstack.skipIfMissing(context);
        expect((await runs?.results[index])?.violations.join('; ')).toMatch(betrayedBy);
      });
    }
  },
  { missing: missingDaemon(), timeoutMs: 300_000 },
);
