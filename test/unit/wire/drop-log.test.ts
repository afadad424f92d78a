import { expect, it } from 'vitest';
import { DropLog } from '../../../src/wire/drop-log.ts';

it('writes one line a reason and minute, and says how many it left out', () => {
  const lines: [object, string][] = [];
  const log = new DropLog({ warn: (fields, sentence) => lines.push([fields, sentence]) });
  for (let i = 0; i < 10_000; i += 1) log.note('unknown-key', i, { address: '192.0.2.1' });
  log.note('version', 5, {});
  log.note('unknown-key', 60_000, { address: '192.0.2.2' });
  expect(lines.map(([fields]) => fields)).toEqual([
    { reason: 'unknown-key', address: '192.0.2.1', more: 0 },
    { reason: 'version', more: 0 },
    { reason: 'unknown-key', address: '192.0.2.2', more: 9_999 },
  ]);
});

it('is silent on what a network does by itself', () => {
  const lines: string[] = [];
  const log = new DropLog({ warn: (_fields, sentence) => lines.push(sentence) });
  for (const reason of ['duplicate', 'stale-session', 'not-ours', 'oversized', 'too-short'] as const) {
    log.note(reason, 0, {});
  }
  expect(lines).toEqual([]);
});
