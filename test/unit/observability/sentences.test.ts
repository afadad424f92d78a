import { describe, expect, it } from 'vitest';
import type { Term } from '../../../src/core/types.ts';
import { sentenceOf } from '../../../src/observability/sentences.ts';

const scene = { self: 'main', addressOf: () => '203.0.113.10' };
const term = 7 as Term;

describe('a sentence', () => {
  it('ends a takeover with its phases on one line', () => {
    const sentence = sentenceOf(
      {
        type: 'serving',
        group: 'web',
        term,
        reason: 'takeover',
        detectMs: 1000.4,
        claimMs: 110,
        moveMs: 600,
        startMs: 0,
        totalMs: 1710.6,
      },
      scene,
    );
    expect(sentence).toEqual({
      severity: 'info',
      text: 'web: leader main, term 7: address 203.0.113.10 is on main (takeover: detect 1000 ms, claim 110 ms, move 600 ms, start 0 ms, total 1711 ms)',
    });
  });

  it('says where the address is and where it should be', () => {
    const sentence = sentenceOf({ type: 'address-elsewhere', group: 'web', holder: 'aux' }, scene);
    expect(sentence).toEqual({
      severity: 'warn',
      text: 'web: address 203.0.113.10 is on aux, should be on main',
    });
    expect(sentenceOf({ type: 'address-elsewhere', group: 'web', holder: '' }, scene).text).toContain(
      'on no instance',
    );
  });

  it('names who asked', () => {
    const note = { type: 'became-leader', group: 'web', term, reason: 'forced', by: 'uid 0 on aux' } as const;
    expect(sentenceOf(note, scene).text).toBe('web: leader main, term 7: forced, asked by uid 0 on aux');
    expect(sentenceOf({ ...note, by: '' }, scene).text).toBe('web: leader main, term 7: forced');
  });

  it('warns of a lost witness with what follows from it', () => {
    const sentence = sentenceOf({ type: 'witness-down', reason: 'read-newest failed: timeout' }, scene);
    expect(sentence.severity).toBe('warn');
    expect(sentence.text).toContain('what serves goes on serving');
  });
});
