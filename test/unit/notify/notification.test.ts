import { describe, expect, it } from 'vitest';
import type { Term } from '../../../src/core/types.ts';
import { concerns, detailsOf } from '../../../src/notify/notification.ts';

describe('what a hook hears of', () => {
  it('are the kinds that it asked for', () => {
    expect(concerns({ event: 'serving', severity: 'info' }, new Set(['leadership']))).toBe(true);
    expect(concerns({ event: 'serving', severity: 'info' }, new Set(['witness', 'alarms']))).toBe(false);
  });

  it('are warnings and errors of every kind, for who asked for alarms', () => {
    expect(concerns({ event: 'witness-down', severity: 'warn' }, new Set(['alarms']))).toBe(true);
    expect(concerns({ event: 'address-failed', severity: 'error' }, new Set(['alarms']))).toBe(true);
  });

  it('is never the renewal of a term, which changes nothing', () => {
    const all = new Set(['leadership', 'alarms'] as const);
    expect(concerns({ event: 'defended', severity: 'info' }, all)).toBe(false);
  });
});

describe('the details of an event', () => {
  it('are its facts by name, the group apart', () => {
    const note = {
      type: 'became-leader',
      group: 'web',
      term: 7 as Term,
      reason: 'takeover',
      by: '',
    } as const;
    expect(detailsOf(note)).toEqual({ group: 'web', details: { term: 7, reason: 'takeover', by: '' } });
  });

  it('have no group where the whole node is meant', () => {
    expect(detailsOf({ type: 'peer-up', node: 'aux' })).toEqual({ group: null, details: { node: 'aux' } });
  });
});
