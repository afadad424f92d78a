import { expect, it } from 'vitest';
import { newestTakeover } from '../../../bench/serving-line.ts';
import type { Note } from '../../../src/core/notes.ts';
import type { GroupName, Term } from '../../../src/core/types.ts';
import { sentenceOf } from '../../../src/observability/sentences.ts';
import { monotonicMs } from '../../support/netns/monotonic.ts';

const group = 'web' as GroupName;
const term = 7 as Term;
const scene = { self: 'aux', addressOf: () => '203.0.113.10' };
const phases = { detectMs: 1020, claimMs: 104, moveMs: 640, startMs: 0 };

/** A log as the daemon writes it: each note `agoMs` before now. */
const logOf = (...entries: readonly (readonly [agoMs: number, note: Note])[]) =>
  entries
    .map(([agoMs, note]) => {
      const time = new Date(Date.now() - agoMs).toISOString();
      return JSON.stringify({ level: 30, time, msg: sentenceOf(note, scene).text });
    })
    .join('\n');

const won = (reason: 'takeover' | 'switchover'): Note => ({
  type: 'became-leader',
  group,
  term,
  reason,
  by: '',
});
const serving = (reason: 'takeover' | 'switchover'): Note => ({
  type: 'serving',
  group,
  term,
  reason,
  ...phases,
  totalMs: 1770,
});

it('the decision to claim is found from the sentences of a takeover', () => {
  const found = newestTakeover(logOf([646, won('takeover')], [0, serving('takeover')]));
  expect(found).toMatchObject({ term: 7, detectMs: 1020, totalMs: 1770 });
  // 750 ms before the end of it; what is left is the clock's own millisecond and a slow machine's.
  expect(Math.abs(found!.decidedMs - (monotonicMs() - 750))).toBeLessThan(50);
});

it('a line that was written late does not make the decision late', () => {
  const late = newestTakeover(logOf([1_646, won('takeover')], [0, serving('takeover')]));
  expect(Math.abs(late!.decidedMs - (monotonicMs() - 1_750))).toBeLessThan(50);
});

it('a switchover is no takeover', () => {
  expect(newestTakeover(logOf([646, won('switchover')], [0, serving('switchover')]))).toBeNull();
});

it('a log that holds other text as well is read', () => {
  const log = `(node:1) Warning: something\n${logOf([646, won('takeover')], [0, serving('takeover')])}\n`;
  expect(newestTakeover(log)?.term).toBe(7);
});
