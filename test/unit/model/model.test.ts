import { describe, expect, it } from 'vitest';
import { accept } from '../../../model/accept.ts';
import { type Configuration, MUTANTS } from '../../../model/configurations.ts';
import { LIMITS, verify, whatIsMissing } from '../../../model/spin.ts';
import { type Trace, traceOf } from '../../../model/traces.ts';

/** The short form of `npm run model`. */
const missing = await whatIsMissing();
if (missing.length > 0 && process.env.EIPKEEPER_NO_SKIP === '1') {
  throw new Error(`the model cannot be checked: install ${missing.join(' and ')}`);
}
if (missing.length > 0) console.log(`skipped: the model needs ${missing.join(' and ')}`);

const SMALL: Configuration = {
  name: '2 nodes, 3 terms, 1 restart',
  source: 'verify.pml',
  defines: ['N=2', 'TMAX=3', 'CRASHES=1'],
};

const PAIR = { profile: 'default', kind: 'address', nodes: 2 } as const;

const mutantNamed = (name: string): Configuration =>
  MUTANTS.find(({ defines }) => defines.includes(name)) as Configuration;

describe.skipIf(missing.length > 0)('the model', { timeout: 60_000 }, () => {
  it('keeps one owner per term and one authority, with two nodes and three terms', async () => {
    const { result, states, trail } = await verify(SMALL, LIMITS);
    expect({ result, trail }).toEqual({ result: 'holds', trail: '' });
    expect(states).toBeGreaterThan(100_000);
  });

  it('finds two authorities when a promise keeps nobody from claiming', async () => {
    const { trail } = await verify(mutantNamed('NO_PROMISE'), LIMITS);
    expect(trail).toContain('broken: S2 one authority');
  });

  it('finds two owners when a timeout is taken for success', async () => {
    const { trail } = await verify(mutantNamed('TIMEOUT_IS_SUCCESS'), LIMITS);
    expect(trail).toContain('broken: S1 one owner per term');
  });

  it('accepts what simulated cores did', async () => {
    const traces = Array.from({ length: 40 }, (_, index) => traceOf(index + 1, PAIR));
    const { runs, rejected } = await accept(traces, 2);
    expect({ runs, rejected }).toEqual({ runs: 40, rejected: [] });
  });

  it('is told the newest term of the group that it follows', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { text, newestTerm } = traceOf(seed, PAIR);
      const created = [...text.matchAll(/^(?:2|9|10) \d+ (\d+) /gm)].map((match) => Number(match[1]));
      expect([seed, newestTerm]).toEqual([seed, Math.max(0, ...created)]);
    }
  });

  it('refuses a run in which a term is won that never came to be', async () => {
    const honest = traceOf(1, PAIR);
    const lines = honest.text.split('\n');
    const landed = lines.findIndex((line) => line.startsWith('9 '));
    const text = lines.toSpliced(landed, 1).join('\n');
    const forged: Trace = { ...honest, text, records: honest.records - 1 };
    const { rejected } = await accept([forged, honest], 2);
    expect(rejected.map(({ seed }) => seed)).toEqual([1]);
  });
});
