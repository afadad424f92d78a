import { describe, expect, it } from 'vitest';
import type { Term } from '../../../src/core/types.ts';
import type { Change } from '../../../src/journal/episode.ts';
import type { Finding } from '../../../src/journal/finding.ts';
import { selectEvidence } from '../../../src/journal/select-evidence.ts';

const CHANGE: Change = {
  kind: 'change',
  group: 'web',
  wallMs: 10_040,
  atMs: 10_040,
  self: 'aux',
  incarnation: 'aa' as Change['incarnation'],
  term: 7 as Term,
  from: 'main',
  to: 'aux',
  reason: 'takeover',
  by: '',
  phases: null,
};

function call(atMs: number, effect: object, result: object): Finding {
  const silences = [{ node: 'main', forMs: 1_000, paths: [] }];
  const finding = {
    type: 'call',
    atMs,
    wallMs: atMs,
    tookMs: 5,
    silences,
    lease: null,
    call: effect,
    result,
  };
  return finding as unknown as Finding;
}
const reading = (atMs: number, node: string) =>
  call(
    atMs,
    { type: 'describe-address' },
    { type: 'address-reading', holder: { kind: 'node', node }, associationId: `a-${atMs}` },
  );
const failure = (atMs: number) =>
  call(atMs, { type: 'read-newest', known: 6 }, { type: 'failed', failure: 'unknown', reason: 'no answer' });
const CREATED = call(10_000, { type: 'create-term', record: { term: 7 } }, { type: 'term-created' });

const timesOf = (findings: readonly Finding[]) => selectEvidence(CHANGE, findings).map(({ atMs }) => atMs);

describe('the evidence of a takeover', () => {
  it('begins when the leader was last heard', () => {
    expect(timesOf([reading(8_900, 'main'), CREATED])).toEqual([10_000]);
    expect(timesOf([reading(9_100, 'main'), CREATED])).toEqual([9_100, 10_000]);
  });

  it('holds the last reading before the decision, and after it only what is new', () => {
    const findings = [
      reading(9_100, 'main'),
      reading(9_500, 'main'),
      CREATED,
      reading(11_000, 'main'),
      reading(12_000, 'aux'),
      reading(13_000, 'aux'),
    ];
    expect(timesOf(findings)).toEqual([9_500, 10_000, 12_000]);
  });

  it('holds the first of failures that are alike', () => {
    expect(timesOf([failure(9_100), failure(9_400), failure(9_700), CREATED])).toEqual([9_100, 10_000]);
  });
});
